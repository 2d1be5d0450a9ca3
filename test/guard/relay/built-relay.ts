import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Prepared {
  readonly path: string | null;
  readonly reason: string | null;
}

/** scripts/setup/relay.mjs: plain JavaScript without types. */
async function prepareRelay(): Promise<Prepared> {
  const module = await import(pathToFileURL(join(root, 'scripts', 'setup', 'relay.mjs')).href);
  return module.prepareRelay({ root });
}

const prepared = await prepareRelay();

/** Path of the built relay; empty where `skip` says why there is none. */
export const relayPath = prepared.path ?? '';
export const skip: string | false = prepared.path === null ? (prepared.reason ?? 'unavailable') : false;

/** Builds the program that judges lines as the relay does, so that any use of memory that is none ends it. */
export function lineJudge(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sealwatch-judge-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'judge-lines');
  const program = join(root, 'guard', 'relay', 'program');
  const parts = ['free-call', 'json', 'names', 'message-keys'].map((name) => join(program, `${name}.c`));
  const flags = ['-D_GNU_SOURCE', '-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const source = join(import.meta.dirname, 'programs', 'judge-lines.c');
  execFileSync('cc', [...flags, `-I${program}`, '-o', path, source, ...parts]);
  return path;
}
