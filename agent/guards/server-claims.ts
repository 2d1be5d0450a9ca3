import type { ProcessEntry } from '../enrich/process-table.ts';
import { type ClaimGrounds, claimedProcess, type ServerClaim } from './server-claim.ts';

/** Claims that wait; the one that waits longest goes first. */
const MAX_WAITING_CLAIMS = 1_024;

export interface ServerClaimsOptions extends ClaimGrounds {
  /** Takes a process as the server's; false where the server is not known yet. */
  readonly claim: (entry: ProcessEntry, claim: ServerClaim) => boolean;
}

/** Claims of guards that cannot be judged yet wait until the process, or the config of the server, was heard of. */
export class ServerClaims {
  readonly #options: ServerClaimsOptions;
  readonly #waiting = new Map<number, ServerClaim>();

  constructor(options: ServerClaimsOptions) {
    this.#options = options;
  }

  take(claim: ServerClaim): void {
    const entry = claimedProcess(claim, this.#options);
    this.#waiting.delete(claim.pid);
    if (entry === 'false' || (entry !== 'unknown' && this.#options.claim(entry, claim))) return;
    // A record of long ago: there is no such process to be heard of.
    if (this.#options.startOf(claim.pid) === null) return;
    this.#waiting.set(claim.pid, claim);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING_CLAIMS && oldest !== undefined) this.#waiting.delete(oldest);
  }

  /** A process began, or runs something else now. */
  heardOf(pid: number): void {
    const claim = this.#waiting.get(pid);
    if (claim !== undefined) this.take(claim);
  }

  /** The servers were looked at anew. */
  retry(): void {
    for (const claim of [...this.#waiting.values()]) this.take(claim);
  }
}
