import { setTimeout as sleep } from 'node:timers/promises';
import { FEED_CHUNK_ROWS } from '../limits.ts';
import type { AlertRecord } from '../store/alerts.ts';
import type { Ledger } from './ledger.ts';
import type { FeedRecord } from './record.ts';
import type { Rejection, Sink } from './sink.ts';

/** Milliseconds between two questions whether the receiver has what was sent again. */
const ASK_INTERVAL_MS = 100;

export interface Replayed {
  readonly delivered: number;
  /** Refused again; they stay dead letters. */
  readonly refused: number;
  /** Their alerts are no longer stored; they stay dead letters until they are discarded. */
  readonly gone: number;
}

export interface ReplayParts {
  readonly ledger: Ledger;
  /** Term in which this node runs the feeds. */
  readonly term: number;
  /** A connection for this replay alone; it is closed at the end. */
  readonly sink: Sink;
  readonly toRecords: (stored: readonly AlertRecord[]) => readonly FeedRecord[];
  readonly clock: () => number;
  readonly signal: AbortSignal;
}

async function sendAll(
  records: readonly FeedRecord[],
  { sink, signal }: ReplayParts,
): Promise<readonly Rejection[]> {
  const rejected: Rejection[] = [];
  let left = records;
  let confirmed = 0;
  while (left.length > 0) {
    const delivery = await sink.deliver(left, signal);
    rejected.push(...delivery.rejected);
    confirmed = delivery.confirmed;
    left = left.filter((record) => record.position > delivery.sent);
  }
  const end = records.at(-1)?.position ?? 0;
  while (confirmed < end && sink.confirm !== undefined) {
    confirmed = await sink.confirm(signal);
    if (confirmed < end) await sleep(ASK_INTERVAL_MS, undefined, { signal });
  }
  return rejected;
}

/**
 * Sends dead letters again: those of the alerts at these positions, or all. What the receiver takes is no longer
 * one; what it refuses keeps the new reason.
 * @throws {CentralError} where the receiver cannot be reached; what was delivered until then stays delivered
 */
export async function replay(parts: ReplayParts, positions: readonly number[] | null): Promise<Replayed> {
  const { ledger, term, sink, toRecords, clock } = parts;
  const wanted = positions === null ? null : new Set(positions);
  let [delivered, refused, gone] = [0, 0, 0];
  try {
    for (let after = 0; ; ) {
      const letters = await ledger.deadLetters(after, FEED_CHUNK_ROWS);
      const last = letters.at(-1);
      if (last === undefined) return { delivered, refused, gone };
      after = last.position;
      const chosen = letters.map((letter) => letter.position).filter((at) => wanted?.has(at) ?? true);
      if (chosen.length === 0) continue;
      const records = toRecords(await ledger.alertsAt(chosen));
      const rejected = await sendAll(records, parts);
      const isRejected = new Set(rejected.map(({ record }) => record.position));
      const taken = records.map((record) => record.position).filter((at) => !isRejected.has(at));
      await ledger.forget(taken);
      await ledger.bury(term, rejected, new Date(clock()).toISOString());
      delivered += taken.length;
      refused += rejected.length;
      gone += chosen.length - records.length;
    }
  } finally {
    await sink.close();
  }
}
