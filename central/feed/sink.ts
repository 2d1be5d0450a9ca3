import type { FeedRecord } from './record.ts';

/** An alert that cannot be sent: no format holds it, or the receiver refuses it for good. */
export interface Rejection {
  readonly record: FeedRecord;
  readonly reason: string;
}

export interface Delivery {
  /** Position of the last record that the receiver was given or that was rejected; at least the first one's. */
  readonly sent: number;
  /** Position up to which the receiver answers for what it was given; `sent` where its answer says so at once. */
  readonly confirmed: number;
  readonly rejected: readonly Rejection[];
}

/**
 * One receiver. A runner calls one method at a time. Whatever can be cured by waiting or by the operator is thrown
 * as CentralError; the runner then calls `reset` and later hands over again all that was not confirmed.
 */
export interface Sink {
  /** Hands over records, at least the first. Keeps to time limits of its own; the signal means that central stops. */
  deliver(records: readonly FeedRecord[], signal: AbortSignal): Promise<Delivery>;
  /** Position up to which the receiver answers for what it was given; only of sinks that learn it later. */
  confirm?(signal: AbortSignal): Promise<number>;
  /** Forgets connections and what is unconfirmed. */
  reset(): void;
  /** Lets go of everything. */
  close(): Promise<void>;
}
