import { basename } from 'node:path';

/** The first line of an executable text file (execve(2)). */
export interface Shebang {
  /** The interpreter, `env` already looked through. */
  readonly interpreter: string;
  /** Options and arguments of it: some name files. */
  readonly files: readonly string[];
}

/** Reads `#!/usr/bin/env -S node --import ./x.mjs`; null where a text has no such line. */
export function readShebang(text: string | null): Shebang | null {
  if (text === null || !text.startsWith('#!')) return null;
  const [line = ''] = text.split('\n', 1);
  const [first = '', ...rest] = line.slice(2).trim().split(/\s+/);
  if (first === '') return null;
  if (basename(first) !== 'env') return { interpreter: first, files: filesIn(rest) };
  const at = rest.findIndex((word) => !word.startsWith('-') && !word.includes('='));
  const interpreter = rest[at];
  return interpreter === undefined ? null : { interpreter, files: filesIn(rest.slice(at + 1)) };
}

function filesIn(words: readonly string[]): readonly string[] {
  return words.map((word) => (word.startsWith('-') ? word.slice(word.indexOf('=') + 1) : word));
}
