import type { Alert } from '../../wire/index.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';

export interface IntakeParts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Called once for each alert that was not there before, in the order of commit. */
  readonly onStored: (alert: Alert) => void;
  /** Called after each commit that brought something new. */
  readonly onCommit: () => void;
}

/** The one place where alerts enter the store: one batch after the other, told of in the order of commit. */
export class Intake {
  readonly #parts: IntakeParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Stores a batch of one agent. Answers the highest seq committed for it.
   * @throws {CentralError} CENTRAL_ALERT_ID_TAKEN, and whatever the database throws
   */
  store(agent: string, alerts: readonly Alert[], received: string): Promise<number> {
    const turn = this.#last.then(() => this.#commit(agent, alerts, received));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #commit(agent: string, alerts: readonly Alert[], received: string): Promise<number> {
    const { store, metrics, log, onCommit } = this.#parts;
    const stored = await store.storeBatch(agent, alerts, received);
    metrics.count('sealwatch_central_alerts_stored_total', stored.fresh.length);
    metrics.count('sealwatch_central_alerts_duplicate_total', stored.duplicates);
    if (stored.conflicting > 0) {
      metrics.count('sealwatch_central_alerts_conflicting_total', stored.conflicting);
      log.warn('alerts ignored: other alerts hold their seq; has the agent lost its spool?', {
        agent,
        count: stored.conflicting,
      });
    }
    for (const alert of stored.fresh) this.#tell(alert);
    if (stored.fresh.length > 0) onCommit();
    return stored.acked;
  }

  #tell(alert: Alert): void {
    try {
      this.#parts.onStored(alert);
    } catch (error) {
      this.#parts.log.error('the listener for alerts failed', {
        alert: alert.id,
        error: describeError(error),
      });
    }
  }
}
