import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findLauncher } from '../../../cli/installation.ts';
import type { SealedFiles } from '../../../guard/launch/sealed-files.ts';
import {
  type Refused,
  type ServerEnd,
  type ServerProcess,
  startServer,
} from '../../../guard/launch/server-process.ts';
import type { HashCache } from '../../../inventory/index.ts';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Prepared {
  readonly state: 'built' | 'current' | 'unavailable';
  readonly path: string | null;
  readonly reason: string | null;
}

interface PrepareOptions {
  readonly root: string;
  readonly out?: string;
  readonly log?: string;
  readonly mayInstall?: boolean;
}

/** scripts/setup/launcher.mjs: plain JavaScript without types. */
export async function prepareLauncher(options: PrepareOptions): Promise<Prepared> {
  const module = await import(pathToFileURL(join(root, 'scripts', 'setup', 'launcher.mjs')).href);
  return module.prepareLauncher(options);
}

const prepared = await prepareLauncher({ root, mayInstall: process.getuid?.() === 0 });

export const launcher = findLauncher(root);
/** Why nothing can be launched here; false where it can. */
export const skip: string | false = prepared.reason ?? false;

export const node = realpathSync(process.execPath);

export interface Launch {
  readonly mode?: 'plain' | 'strict';
  readonly cwd?: string;
  readonly sealed?: Partial<SealedFiles>;
  readonly env?: NodeJS.ProcessEnv;
  readonly hashes?: HashCache;
}

export interface Launched {
  readonly server: ServerProcess;
  readonly refused: readonly Refused[];
  /** What it wrote, once it has ended; for who reads nothing else of it. */
  readonly output: () => Promise<string>;
}

/** The digests of files as they are now. */
export function digests(...paths: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    paths.map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')] as const),
  );
}

/** A checkout may lie where not only root writes, and so may its Node: it is listed for every launch. */
const NODE_DIGEST = digests(node);

export async function launch([path = '', ...args]: readonly string[], how: Launch = {}): Promise<Launched> {
  const refused: Refused[] = [];
  const server = await startServer({
    launcher,
    mode: how.mode ?? 'strict',
    command: { path, argv0: path, args },
    cwd: how.cwd ?? '/',
    env: how.env ?? process.env,
    sealed: {
      names: [],
      trees: [],
      exempt: [],
      ...how.sealed,
      files: new Map([...NODE_DIGEST, ...(how.sealed?.files ?? [])]),
    },
    ...(how.hashes === undefined ? {} : { hashes: how.hashes }),
    onRefused: (one) => refused.push(one),
  });
  return { server, refused, output: () => text(server.stdout) };
}

export interface Outcome {
  readonly output: string;
  readonly end: ServerEnd | null;
  /** Paths. */
  readonly refused: readonly string[];
}

/** The launcher refused it, or the kernel did while somebody wrote to it. */
const NOT_RUN = /refused|Text file busy|Exec format error/;

/** Launches and waits for the end, whether it was refused at once, later, or not at all. */
export async function outcome(words: readonly string[], how: Launch = {}): Promise<Outcome> {
  const refused: Refused[] = [];
  try {
    const launched = await launch(words, how);
    launched.server.stdin.end();
    const [output, end] = await Promise.all([launched.output(), launched.server.ended]);
    return { output, end, refused: launched.refused.map(({ path }) => path) };
  } catch (error) {
    if (!(error instanceof Error && NOT_RUN.test(error.message))) throw error;
    return { output: '', end: null, refused: [error.message, ...refused.map(({ path }) => path)] };
  }
}
