import { closeSync, openSync, readdirSync, readlinkSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CLIENTS } from '../clients/catalogue.ts';
import { MAX_PROCESS_TEXT_BYTES, MAX_PROCESSES } from '../limits.ts';
import { ownReach, type Reach } from '../reach.ts';
import type { Environment } from './environment.ts';

/** A client that runs now. */
export interface RunningClient {
  readonly client: string;
  /** The name it was recognised by, e.g. `gemini`. */
  readonly name: string;
  readonly uid: number;
  /** Null where it may not be looked at. */
  readonly cwd: string | null;
  /** PATH, HOME and the variables that move configs, nothing else; null where it may not be read. */
  readonly env: Environment | null;
}

/** Knows which clients run; scans of another home or platform are given none. */
export interface RunningClients {
  list(): readonly RunningClient[];
}

export const NO_RUNNING_CLIENTS: RunningClients = { list: () => [] };

/** Programs that run a script: the client is then their first argument. */
const SCRIPT_HOST = /^(?:node|nodejs|bun|deno|python[\d.]*|electron)(?:\.exe)?$/;
const SCRIPT_EXTENSION = /\.(?:[cm]?js|ts|py)$/;
const CLIENT_OF_PROCESS: ReadonlyMap<string, string> = new Map(
  CLIENTS.flatMap(({ id, processes }) => processes.map((name) => [name, id] as const)).reverse(),
);
/** All that is kept of an environment: the rest may be secrets. */
const KEPT_VARIABLES: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  ...CLIENTS.flatMap(({ locations, controlFiles = [] }) => [...locations, ...controlFiles])
    .flatMap(({ movedBy = [] }) => movedBy)
    .map(({ variable }) => variable),
]);
const READ_AT_ONCE = 4_096;

/** Recognises clients in a Linux /proc (proc(5)): all of them where this program sees so far, else those of this user. */
export class ProcRunningClients implements RunningClients {
  readonly #root: string;
  readonly #reach: Reach;

  constructor(root = '/proc', reach = ownReach()) {
    this.#root = root;
    this.#reach = reach;
  }

  list(): readonly RunningClient[] {
    const own = process.getuid?.() ?? 0;
    const seesAll = this.#reach.processes;
    return this.#pids().flatMap((pid): readonly RunningClient[] => {
      const directory = join(this.#root, pid);
      try {
        const uid = statSync(directory, { throwIfNoEntry: false })?.uid;
        if (uid === undefined || (!seesAll && uid !== own)) return [];
        const argv = readText(join(directory, 'cmdline')).split('\0');
        const found = clientOfProcess(argv, () => linkAt(join(directory, 'exe')));
        if (found === null) return [];
        return [{ ...found, uid, cwd: linkAt(join(directory, 'cwd')), env: environmentAt(directory) }];
      } catch {
        // It ended while it was looked at.
        return [];
      }
    });
  }

  #pids(): readonly string[] {
    try {
      return readdirSync(this.#root)
        .filter((name) => /^\d+$/.test(name))
        .slice(0, MAX_PROCESSES);
    } catch {
      return [];
    }
  }
}

/**
 * The client that a process is: by its own name, by that of the script it runs, or by that of its image, which is
 * asked for last. Null where it is none.
 */
export function clientOfProcess(
  argv: readonly string[],
  image: () => string | null,
): { readonly client: string; readonly name: string } | null {
  // A program may have replaced its arguments by one text (`process.title`).
  const own = basename((argv[0] ?? '').trimEnd());
  if (own === '') return null;
  const script = argv.slice(1).find((word) => word !== '' && !word.startsWith('-'));
  const names = [own];
  if (SCRIPT_HOST.test(own) && script !== undefined) {
    names.push(basename(script), basename(script).replace(SCRIPT_EXTENSION, ''));
  }
  const name = names.find((each) => CLIENT_OF_PROCESS.has(each)) ?? basename(image() ?? '');
  const client = CLIENT_OF_PROCESS.get(name);
  return client === undefined ? null : { client, name };
}

function environmentAt(directory: string): Environment | null {
  let text: string;
  try {
    text = readText(join(directory, 'environ'));
  } catch {
    return null;
  }
  const env: Record<string, string> = Object.create(null);
  for (const line of text.split('\0')) {
    const at = line.indexOf('=');
    const name = line.slice(0, Math.max(0, at));
    if (KEPT_VARIABLES.has(name)) env[name] = line.slice(at + 1);
  }
  return env;
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function readText(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const parts: Buffer[] = [];
    for (let total = 0; total < MAX_PROCESS_TEXT_BYTES; ) {
      const part = Buffer.allocUnsafe(READ_AT_ONCE);
      const read = readSync(fd, part, 0, part.length, null);
      if (read === 0) break;
      parts.push(part.subarray(0, read));
      total += read;
    }
    return Buffer.concat(parts).toString('utf8');
  } finally {
    closeSync(fd);
  }
}
