import { type CentralLog, describeError } from '../log.ts';
import type { EnrolledAgents } from './enrolled-agents.ts';

/** Milliseconds between two looks for revocations by other processes. */
const LOOK_MS = 500;
/** Milliseconds of the past that each look covers, for nodes whose clocks differ and looks that failed. */
const COVERED_MS = 3_600_000;

/** Tells of agents whose identity was revoked, also by another process on the same database. */
export class RevocationWatch {
  readonly #agents: EnrolledAgents;
  readonly #onRevoked: (agent: string) => void;
  readonly #log: CentralLog;
  readonly #clock: () => number;
  readonly #timer: NodeJS.Timeout;
  #looking = false;
  #isFailing = false;

  /** `onRevoked` is called again and again for the same agent while its revocation is young. */
  constructor(
    agents: EnrolledAgents,
    onRevoked: (agent: string) => void,
    log: CentralLog,
    clock: () => number,
  ) {
    this.#agents = agents;
    this.#onRevoked = onRevoked;
    this.#log = log;
    this.#clock = clock;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const agent of await this.#agents.revokedSince(this.#clock() - COVERED_MS)) this.#onRevoked(agent);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#log.error('revocations cannot be read', { error: describeError(error) });
      this.#isFailing = true;
    } finally {
      this.#looking = false;
    }
  }
}
