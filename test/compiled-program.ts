import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'sealwatch-programs-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Compiles test/programs/NAME.c, with more flags where it takes them, and returns the path of the program. */
export function program(name: string, ...flags: readonly string[]): string {
  const path = join(folder, name);
  const source = join(dirname(import.meta.filename), 'programs', `${name}.c`);
  execFileSync('cc', ['-O1', '-pthread', ...flags, '-o', path, source]);
  return path;
}
