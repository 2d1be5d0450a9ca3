import type { CollectorEvent, CollectorName } from '../wire/index.ts';

/** Receives events in order; it must not throw and returns at once. */
export type EventSink = (event: CollectorEvent) => void;

/** A source of facts about the host. */
export interface Collector {
  readonly name: CollectorName;
  /**
   * Resolves once the source is armed: everything that happens afterwards is seen or counted as lost.
   * Rejects with a CollectorError where it cannot run here.
   */
  start(sink: EventSink): Promise<void>;
  /** Ends the source; what it has read is delivered first. Safe to call twice. */
  stop(): Promise<void>;
}
