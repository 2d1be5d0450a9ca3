import { AffixTrie, Automaton } from '../match/literal-tables.ts';
import { needleOf, type Place, requiredByOne } from './needle.ts';
import type { Predicate } from './predicate.ts';

/** Texts from which on a table is faster than one look for each. */
const WORTH_A_TRIE = 4;
const WORTH_AN_AUTOMATON = 24;

type Holds = (value: string) => boolean;

/** A test for folded texts of which one must be at a place of a field. */
export function literalPredicate(slot: number, place: Place, texts: readonly string[]): Predicate {
  const holds = compileLiterals(place, texts);
  return {
    requirement: requiredByOne(texts.map((text) => needleOf(slot, place, text))),
    test: (view) => {
      const text = view.folded(slot);
      if (text !== null) return holds(text);
      return view.cells(slot)?.some((cell) => cell.value !== null && holds(cell.folded)) ?? false;
    },
  };
}

/** Whether one of several folded texts is at its place in a folded value. */
function compileLiterals(place: Place, texts: readonly string[]): Holds {
  const hasEmpty = texts.includes('');
  switch (place) {
    case 'whole':
      return isOne(texts);
    case 'start':
      return texts.length < WORTH_A_TRIE || hasEmpty ? startsWithOne(texts) : affixes(texts, 'start');
    case 'end':
      return texts.length < WORTH_A_TRIE || hasEmpty ? endsWithOne(texts) : affixes(texts, 'end');
    case 'anywhere':
      return texts.length < WORTH_AN_AUTOMATON || hasEmpty ? includesOne(texts) : substrings(texts);
  }
}

function affixes(texts: readonly string[], end: 'start' | 'end'): Holds {
  const trie = new AffixTrie(
    texts.map((text) => ({ text, targets: [0], whole: false })),
    end,
  );
  return answered((value, found) => trie.walkSeen(value, found));
}

function substrings(texts: readonly string[]): Holds {
  const automaton = new Automaton(texts.map((text) => ({ text, part: text, targets: [0] })));
  return answered((value, found) => automaton.scanSeen(value, found));
}

function isOne(texts: readonly string[]): Holds {
  const [only] = texts;
  if (texts.length === 1) return (value) => value === only;
  const wholes = new Set(texts);
  return (value) => wholes.has(value);
}

function startsWithOne(texts: readonly string[]): Holds {
  const [only] = texts;
  if (texts.length === 1 && only !== undefined) return (value) => value.startsWith(only);
  return (value) => {
    for (const text of texts) if (value.startsWith(text)) return true;
    return false;
  };
}

function endsWithOne(texts: readonly string[]): Holds {
  const [only] = texts;
  if (texts.length === 1 && only !== undefined) return (value) => value.endsWith(only);
  return (value) => {
    for (const text of texts) if (value.endsWith(text)) return true;
    return false;
  };
}

function includesOne(texts: readonly string[]): Holds {
  const [only] = texts;
  if (texts.length === 1 && only !== undefined) return (value) => value.includes(only);
  return (value) => {
    for (const text of texts) if (value.includes(text)) return true;
    return false;
  };
}

function answered(look: (value: string, found: () => void) => void): Holds {
  let isFound = false;
  const found = (): void => {
    isFound = true;
  };
  return (value) => {
    isFound = false;
    look(value, found);
    return isFound;
  };
}
