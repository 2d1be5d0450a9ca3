import { readdirSync } from 'node:fs';
import { CLIENTS, FINDING_IDS } from '../../inventory/index.ts';
import type { ValueSlot } from '../command-tree.ts';

/** Where the words come from that a shell offers for a value. */
export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' | 'directory' | 'key' | 'program' | 'nothing' };

/** Words that are known when a script is made. */
export interface KnownWords {
  /** Names of the rules that come with Sealwatch. */
  readonly rules: readonly string[];
}

/** What the value of each name in the help is; a name that is not here has nothing that could be offered cheaply. */
const KINDS = {
  file: 'file',
  path: 'file',
  approval: 'file',
  event: 'file',
  token: 'file',
  dir: 'directory',
  key: 'key',
  command: 'program',
} as const satisfies Readonly<Record<string, Exclude<Candidates['kind'], 'words'>>>;

/** A word that no shell takes for anything else, so that lists of them need no quotes. */
const PLAIN_WORD = /^[A-Za-z0-9_][A-Za-z0-9_.@%+-]*$/;

/** What a shell offers for a value. */
export function candidatesFor(slot: ValueSlot, known: KnownWords): Candidates {
  if (slot.choices !== null) return words(slot.choices);
  if (slot.name === 'client') return words(CLIENTS.map(({ id }) => id).toSorted());
  if (slot.name === 'finding') return words(FINDING_IDS.toSorted());
  if (slot.name === 'rule') return words(known.rules);
  const kind = Object.entries(KINDS).find(([name]) => name === slot.name)?.[1];
  return { kind: kind ?? 'nothing' };
}

/** Names of the rules in a directory of rule files that are named after their rules. */
export function ruleNames(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yml'))
    .map((file) => file.slice(0, -'.yml'.length))
    .toSorted();
}

function words(list: readonly string[]): Candidates {
  return { kind: 'words', words: list.filter((word) => PLAIN_WORD.test(word)) };
}
