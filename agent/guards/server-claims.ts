import type { ProcessExec } from '../../wire/index.ts';
import type { ProcessEntry } from '../enrich/process-table.ts';
import { type ClaimGrounds, claimedProcess, type ServerClaim } from './server-claim.ts';

/** Claims that wait; the one that waits longest goes first. */
const MAX_WAITING_CLAIMS = 1_024;
/** Milliseconds that a process has to be heard of before it is looked for. */
const LOOK_FOR_MS = 500;
/** Ancestors of a claimed process that are looked for. */
const MAX_ANCESTORS = 16;

export interface ServerClaimsOptions extends ClaimGrounds {
  /** Takes a process as the server's; false where the server is not known yet. */
  readonly claim: (entry: ProcessEntry, claim: ServerClaim) => boolean;
  /** What runs now, the oldest first. */
  readonly sweep: () => Promise<readonly ProcessExec[]>;
  /** A process was found that no event told of. */
  readonly onFound: (event: ProcessExec) => void;
  /** A process that was found so has ended. */
  readonly onGone: (pid: number, start: number) => void;
}

/**
 * Claims of guards that cannot be judged yet wait until the process, or the config of the server, was heard of. The
 * kernel sensor tells only of processes that could be a server; what it leaves out is looked for.
 */
export class ServerClaims {
  readonly #options: ServerClaimsOptions;
  readonly #waiting = new Map<number, ServerClaim>();
  /** Start times by pid of what was found: nobody tells when it ends. */
  readonly #found = new Map<number, number>();
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: ServerClaimsOptions) {
    this.#options = options;
  }

  take(claim: ServerClaim): void {
    const { table } = this.#options;
    if (!this.#judge(claim)) return;
    if (table.get(claim.pid) !== null && table.get(claim.guard) !== null) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.#lookFor().catch(() => {});
    }, LOOK_FOR_MS).unref();
  }

  /** A process began, or runs something else now. */
  heardOf(pid: number): void {
    const claim = this.#waiting.get(pid);
    if (claim !== undefined) this.#judge(claim);
  }

  /** The servers were looked at anew. */
  retry(): void {
    for (const claim of [...this.#waiting.values()]) this.#judge(claim);
    for (const [pid, start] of this.#found) {
      if (this.#options.startOf(pid) === start) continue;
      this.#found.delete(pid);
      this.#options.onGone(pid, start);
    }
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Whether the claim still waits. */
  #judge(claim: ServerClaim): boolean {
    const entry = claimedProcess(claim, this.#options);
    this.#waiting.delete(claim.pid);
    if (entry === 'false' || (entry !== 'unknown' && this.#options.claim(entry, claim))) return false;
    // A record of long ago: there is no such process to be heard of.
    if (this.#options.startOf(claim.pid) === null) return false;
    this.#waiting.set(claim.pid, claim);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING_CLAIMS && oldest !== undefined) this.#waiting.delete(oldest);
    return true;
  }

  async #lookFor(): Promise<void> {
    const running = await this.#options.sweep();
    if (this.#stopped) return;
    const { table, onFound } = this.#options;
    const wanted = familyOf([...this.#waiting.keys()], running);
    for (const event of running) {
      if (!wanted.has(event.pid) || table.get(event.pid)?.start === event.start) continue;
      this.#found.set(event.pid, event.start);
      onFound(event);
    }
    for (const claim of [...this.#waiting.values()]) this.#judge(claim);
  }
}

/** Some processes with their ancestors and all that came out of them. */
function familyOf(pids: readonly number[], running: readonly ProcessExec[]): ReadonlySet<number> {
  const parents = new Map(running.map(({ pid, ppid }) => [pid, ppid]));
  const below = new Set(pids);
  // The oldest come first, so that a parent is there before its children.
  for (const { pid, ppid } of running) if (below.has(ppid)) below.add(pid);
  const family = new Set(below);
  for (const pid of pids) {
    let at = parents.get(pid);
    for (let step = 0; at !== undefined && step < MAX_ANCESTORS; step += 1) {
      family.add(at);
      at = parents.get(at);
    }
  }
  return family;
}
