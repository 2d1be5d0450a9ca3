import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built command line. */
export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** How a command ended and what it said; `json` reads one answer, `lines` one a line. */
export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  json(): ReturnType<typeof JSON.parse>;
  lines(): ReturnType<typeof JSON.parse>[];
}

/** Runs a command of the built command line to its end. */
export function runBuilt(args: readonly string[], options: SpawnSyncOptions = {}): Answer {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    input: '',
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
    ...options,
    encoding: 'utf8',
  });
  const lines = () =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return { status, stdout, stderr, json: () => JSON.parse(stdout), lines };
}
