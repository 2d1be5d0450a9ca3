import type { GuardRecord } from '../../wire/index.ts';

/** Records of one user that may become alerts at once after a quiet time. */
const BURST = 2_000;
/** Such records of one user in a second from then on. */
const PER_SECOND = 10;

/**
 * How fast the records of one user are taken that may become alerts. What is beyond stays in its file and is read
 * later: nobody can push the alerts of others out of the spool by filling a journal of their own.
 */
export class RecordPace {
  readonly #now: () => number;
  #left = BURST;
  #last: number;

  /** `now` in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#last = now();
  }

  /** Whether a record may be taken now. */
  admits(record: GuardRecord): boolean {
    if (record.kind === 'exit') return true;
    if ('outcome' in record && record.outcome !== 'refused') return true;
    const now = this.#now();
    this.#left = Math.min(BURST, this.#left + ((now - this.#last) / 1_000) * PER_SECOND);
    this.#last = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
