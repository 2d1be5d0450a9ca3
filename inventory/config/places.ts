import type { Position } from '../errors.ts';
import type { ConfigDocument } from './value.ts';

/** Where a value of the file is written (for a member: its key), and where the values inside it are. */
export interface Place {
  /** UTF-16 code units from the start of the text; in a binary plist, bytes. */
  readonly at: number;
  readonly inside: () => ReadonlyMap<string | number, Place>;
}

const NOTHING: ReadonlyMap<string | number, Place> = new Map();

/** A place whose inside is looked at only when asked for, and once. */
export function place(at: number, look?: () => ReadonlyMap<string | number, Place>): Place {
  let seen: ReadonlyMap<string | number, Place> | null = null;
  return {
    at,
    inside: () => {
      seen ??= look?.() ?? NOTHING;
      return seen;
    },
  };
}

/**
 * Answers where a key path is written: its last key, or the nearest key above it that the file spells out
 * (a merged or implied key is written nowhere itself).
 */
export function positionsIn(
  root: () => Place,
  positionAt: (offset: number) => Position,
): ConfigDocument['positionOf'] {
  let top: Place | null = null;
  return (path) => {
    top ??= root();
    let here = top;
    for (const key of path) {
      const next = here.inside().get(key);
      if (next === undefined) break;
      here = next;
    }
    return positionAt(here.at);
  };
}
