import { AffixTrie, Automaton } from '../match/literal-tables.ts';
import type { Place } from './needle.ts';

/** Texts from which on a table is faster than one look for each. */
const WORTH_A_TRIE = 4;
const WORTH_AN_AUTOMATON = 24;

/** Whether one of several folded texts is at its place in a folded value. */
export function compileLiterals(place: Place, texts: readonly string[]): (value: string) => boolean {
  switch (place) {
    case 'whole': {
      const wholes = new Set(texts);
      return (value) => wholes.has(value);
    }
    case 'start':
      return affixes(texts, 'start', (value, text) => value.startsWith(text));
    case 'end':
      return affixes(texts, 'end', (value, text) => value.endsWith(text));
    case 'anywhere':
      return anywhere(texts);
  }
}

type Holds = (value: string, text: string) => boolean;

function affixes(texts: readonly string[], end: 'start' | 'end', holds: Holds): (value: string) => boolean {
  if (texts.length < WORTH_A_TRIE || texts.includes('')) return oneByOne(texts, holds);
  const trie = new AffixTrie(
    texts.map((text) => ({ text, targets: [0], whole: false })),
    end,
  );
  return answered((value, found) => trie.walkSeen(value, found));
}

function anywhere(texts: readonly string[]): (value: string) => boolean {
  if (texts.length < WORTH_AN_AUTOMATON || texts.includes('')) {
    return oneByOne(texts, (value, text) => value.includes(text));
  }
  const automaton = new Automaton(texts.map((text) => ({ text, targets: [0] })));
  return answered((value, found) => automaton.scanSeen(value, found));
}

function oneByOne(texts: readonly string[], holds: Holds): (value: string) => boolean {
  return (value) => {
    for (const text of texts) if (holds(value, text)) return true;
    return false;
  };
}

function answered(look: (value: string, found: () => void) => void): (value: string) => boolean {
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
