import { basename } from 'node:path';
import { clientOfProcess } from '../../inventory/index.ts';
import type { GuardProcesses } from './guard-processes.ts';
import type { ProcessEntry } from './process-table.ts';
import { runningProgram } from './running-program.ts';

/** Steps of a launch between a client and what it starts: `env`, `npx`, `sh -c`, `env`, `node`. */
export const MAX_STEPS = 8;
/** Commands by which a client is itself a server for another one. */
const SERVING = /^(mcp-server|mcp serve|mcp gateway run|gateway run)(?:\s|$)/;

/** The client that started a process, and what stands between the two. */
export interface ClientAncestry {
  readonly client: string;
  readonly process: ProcessEntry;
  /** Nearest first. */
  readonly steps: readonly ProcessEntry[];
}

/**
 * The client that a process was launched by, directly or by launchers or the guard; null where something else started
 * it.
 */
export function clientAbove(entry: ProcessEntry, guards: GuardProcesses): ClientAncestry | null {
  const steps: ProcessEntry[] = [];
  for (let at = entry.parent; at !== null && steps.length <= MAX_STEPS; at = at.parent) {
    const { exe } = at;
    const found = clientOfProcess(at.argv, () => exe);
    if (found !== null) return { client: found.client, process: at, steps };
    if (runningProgram(at).kind !== 'launcher' && !guards.has(at)) return null;
    steps.push(at);
  }
  return null;
}

/** What a process does that is itself a client. */
export interface OwnClient {
  readonly name: string;
  /** The command by which it is a server; null where it is at other work: a helper, or managing servers. */
  readonly serves: string | null;
}

/** Null where the process is no client. */
export function ownClient({ argv, exe }: ProcessEntry): OwnClient | null {
  const found = clientOfProcess(argv, () => exe);
  if (found === null) return null;
  const at = argv.findIndex((word) => basename(word).startsWith(found.name));
  const serves = SERVING.exec(argv.slice(at + 1).join(' '))?.[1] ?? null;
  return { name: found.name, serves };
}
