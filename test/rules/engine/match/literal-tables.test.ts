import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AffixTrie, Automaton, type Found } from '../../../../rules/engine/match/literal-tables.ts';

/** Few characters, so that texts meet; among them some that share a class, and some beyond ASCII. */
const CHARACTERS = ['a', 'b', 'A', ' ', '/', '-', '1', '2', '.', '$', 'é', 'σ', '🔥'] as const;
/** Two letters alone, so that long texts differ late. */
const FEW = ['a', 'b'] as const;

function texts(characters: readonly string[], minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...characters), { minLength, maxLength }).map((each) => each.join(''));
}

const text = fc.oneof(texts(CHARACTERS, 0, 40), texts(FEW, 7, 14));
const sought = fc.oneof(texts(CHARACTERS, 1, 12), texts(FEW, 7, 12)).map((each) => each.toLowerCase());
const soughtTexts = fc.uniqueArray(sought, { minLength: 1, maxLength: 12 });
const runs = { numRuns: 2_000 };

/** What a table finds, as the engine asks: in the text as it is, and folded where that is not enough. */
function foundIn(
  value: string,
  look: (value: string, found: Found) => boolean,
  lookFolded: (value: string, found: Found) => void,
): readonly number[] {
  const targets = new Set<number>();
  if (!look(value, (target) => targets.add(target))) {
    lookFolded(value.toLowerCase(), (target) => targets.add(target));
  }
  return [...targets].sort((a, b) => a - b);
}

function those(list: readonly string[], holds: (text: string) => boolean): readonly number[] {
  return list.flatMap((each, index) => (holds(each) ? [index] : []));
}

describe('an automaton', () => {
  it('finds the texts that are in a value, whatever their case, and no others', () => {
    fc.assert(
      fc.property(soughtTexts, text, fc.nat(), (list, value, cut) => {
        const automaton = new Automaton(
          list.map((each, index) => {
            const from = cut % each.length;
            const part = each.slice(from, from + 5);
            return { text: each, part: each.indexOf(part) === from ? part : each, targets: [index] };
          }),
        );
        assert.deepEqual(
          foundIn(
            value,
            (...looked) => automaton.scan(...looked),
            (...looked) => automaton.scanSeen(...looked),
          ),
          those(list, (each) => value.toLowerCase().includes(each)),
        );
      }),
      runs,
    );
  });

  it('leaves a text that is not ASCII for a second look', () => {
    const automaton = new Automaton([{ text: 'é', part: 'é', targets: [7] }]);
    const found: number[] = [];
    const keep = (target: number): number => found.push(target);
    assert.equal(automaton.scan('cafÉ', keep), false);
    assert.deepEqual(found, []);
    automaton.scanSeen('café', keep);
    assert.deepEqual(found, [7]);
  });
});

describe('a trie of affixes', () => {
  for (const end of ['start', 'end'] as const) {
    it(`finds the texts at the ${end} of a value, and those that are the whole of it`, () => {
      fc.assert(
        fc.property(soughtTexts, text, fc.boolean(), (list, value, whole) => {
          const trie = new AffixTrie(
            list.map((each, index) => ({ text: each, targets: [index], whole })),
            end,
          );
          const folded = value.toLowerCase();
          const isThere = (each: string): boolean =>
            whole ? folded === each : end === 'start' ? folded.startsWith(each) : folded.endsWith(each);
          assert.deepEqual(
            foundIn(
              value,
              (...looked) => trie.walk(...looked),
              (...looked) => trie.walkSeen(...looked),
            ),
            those(list, isThere),
          );
        }),
        runs,
      );
    });
  }
});
