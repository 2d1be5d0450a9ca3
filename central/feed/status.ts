import type { Ledger } from './ledger.ts';
import type { FeedSettings, FeedType } from './settings.ts';

/** What only the node knows that runs a feed. */
export interface FeedRun {
  readonly failing: boolean;
  /** Alerts handed to the receiver since this node runs the feed, repeats included. */
  readonly delivered: number;
  /** What the last attempt met, null since one succeeded. */
  readonly lastError: string | null;
}

export interface FeedStatus {
  readonly name: string;
  readonly type: FeedType;
  /** Position up to which every alert is confirmed, filtered out or a dead letter. */
  readonly position: number;
  /** Positions behind that. */
  readonly lagAlerts: number;
  /** Seconds since central received the oldest alert behind that; 0 where there is none. */
  readonly lagSeconds: number;
  readonly deadLetters: number;
  /** Null where another node runs the feed, or none. */
  readonly run: FeedRun | null;
}

export interface StatusParts {
  readonly settings: Pick<FeedSettings, 'name' | 'type'>;
  readonly ledger: Ledger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** How a feed does, given the newest position of all alerts. */
export async function feedStatus(
  { settings: { name, type }, ledger, clock }: StatusParts,
  newest: number,
  run: FeedRun | null,
): Promise<FeedStatus> {
  const position = (await ledger.cursor()) ?? 0;
  const oldest = newest > position ? await ledger.oldestBehind(position) : null;
  return {
    name,
    type,
    position,
    lagAlerts: Math.max(0, newest - position),
    lagSeconds: oldest === null ? 0 : Math.max(0, clock() - Date.parse(oldest)) / 1_000,
    deadLetters: await ledger.countDeadLetters(),
    run,
  };
}
