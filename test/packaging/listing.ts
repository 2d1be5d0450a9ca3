import { join } from 'node:path';
import { assertGolden } from '../inventory/clients/golden.ts';
import { ROOT } from './built-packages.ts';

const GOLDEN = join(ROOT, 'test', 'golden', 'packaging');
/** Part of a name that esbuild makes of a file's content. */
const CONTENT_HASH = /-[A-Z0-9]{8}\.js\b/g;

/** Compares what a package holds (a line for each path) with a golden file; names of bundled files go without their hashes. */
export function checkListing(name: string, lines: readonly string[]): void {
  const plain = [...new Set(lines.map((line) => line.replaceAll(CONTENT_HASH, '-*.js')))];
  const text = `${plain.sort(byPath).join('\n')}\n`;
  assertGolden(join(GOLDEN, `${name}.txt`), text);
}

function byPath(a: string, b: string): number {
  const path = (line: string) => line.split(' ').slice(2).join(' ');
  return path(a) < path(b) ? -1 : 1;
}

/** Mode, owner and path of each line of `tar --verbose`, without size and time. */
export function linesOfTar(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^(\S+) +(\S+) +\d+ \S+ \S+ /, '$1 $2 '));
}
