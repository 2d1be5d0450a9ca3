import { setTimeout as sleep } from 'node:timers/promises';
import { type CentralLog, describeError } from '../log.ts';
import type { Lease } from './lease.ts';

/** Milliseconds between two renewals of a leader, and between two looks of the others. */
const LOOK_MS = 1_000;
/** Milliseconds without a renewal after which a leader stops by itself: before others begin, after `SILENT_MS`. */
const HOLD_MS = 4_000;

/** A duty while this node does it. */
export interface Tenure {
  /** Ends it in good order; the lease is held meanwhile. */
  finish(): Promise<void>;
  /** Ends it at once: another node may have begun. May come while `finish` runs. */
  abandon(): Promise<void>;
}

interface LeadershipParts {
  readonly lease: Lease;
  readonly log: CentralLog;
  /** Begins the duty. What it writes must carry the term, and be refused where a higher one has written. */
  readonly lead: (term: number) => Promise<Tenure>;
}

/** Does a duty for as long as this node holds its lease, and strives for the lease otherwise. */
export class Leadership {
  readonly #parts: LeadershipParts;
  readonly #stopping = new AbortController();
  /** Null while this node does not lead; resolves with null where the duty could not be begun. */
  #tenure: Promise<Tenure | null> | null = null;
  /** The end of the tenure before. */
  #ended: Promise<void> = Promise.resolve();
  #deadline: NodeJS.Timeout | undefined;
  #run: Promise<void> = Promise.resolve();
  #isFinishing = false;
  #isFailing = false;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
  }

  get isLeader(): boolean {
    return this.#tenure !== null;
  }

  /** Tries once for the lease, and begins the duty where it is free; goes on trying afterwards. Never rejects. */
  async start(): Promise<void> {
    await this.#look();
    await this.#tenure;
    this.#run = this.#strive();
  }

  /** Finishes the duty, then lets another node lead. */
  async stop(): Promise<void> {
    this.#isFinishing = true;
    const tenure = await this.#tenure;
    await tenure?.finish();
    this.#stopping.abort();
    await this.#run;
    clearTimeout(this.#deadline);
    this.#tenure = null;
    await this.#ended;
    await this.#parts.lease.release().catch((error: unknown) => this.#warn(error));
  }

  async #strive(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const isLeader = this.#tenure !== null;
    if (isLeader ? this.#parts.lease.isAlone : this.#isFinishing) return;
    const asked = performance.now();
    let term: number | null;
    try {
      term = await this.#parts.lease.take();
      this.#isFailing = false;
    } catch (error) {
      // Whether this ends a tenure, its deadline says.
      this.#warn(error);
      return;
    }
    if (term === null) this.#lose('another node leads');
    else if (!this.#extend(asked)) this.#lose('the database is too slow to lead');
    else if (this.#tenure === null && !this.#isFinishing) this.#begin(term);
  }

  /** Moves the deadline on, by when the renewal was asked for. False where it has passed already. */
  #extend(asked: number): boolean {
    clearTimeout(this.#deadline);
    if (this.#parts.lease.isAlone) return true;
    const left = asked + HOLD_MS - performance.now();
    if (left <= 0) return false;
    this.#deadline = setTimeout(() => this.#lose('the lease could not be renewed'), left);
    return true;
  }

  #begin(term: number): void {
    const { lead, lease, log } = this.#parts;
    const { duty } = lease;
    log.info('this node leads', { duty, term });
    const tenure = this.#ended
      .then(() => lead(term))
      .catch((error: unknown) => {
        log.error('a duty cannot be begun; it is tried again', { duty, error: describeError(error) });
        if (this.#tenure === tenure) this.#tenure = null;
        return null;
      });
    this.#tenure = tenure;
  }

  #lose(reason: string): void {
    clearTimeout(this.#deadline);
    const tenure = this.#tenure;
    if (tenure === null) return;
    this.#tenure = null;
    const { lease, log } = this.#parts;
    const { duty } = lease;
    log.warn('this node leads no longer', { duty, reason });
    this.#ended = tenure
      .then((begun) => begun?.abandon())
      .catch((error: unknown) => log.error('a duty failed', { duty, error: describeError(error) }));
  }

  #warn(error: unknown): void {
    const { lease, log } = this.#parts;
    const fields = { duty: lease.duty, error: describeError(error) };
    if (!this.#isFailing) log.warn('nobody can be asked who leads; it is tried again', fields);
    this.#isFailing = true;
  }
}
