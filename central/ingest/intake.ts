import { setImmediate } from 'node:timers/promises';
import type { Alert } from '../../wire/index.ts';
import { CentralError } from '../errors.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Batch, RefusedBatch, StoredBatch } from '../store/batches.ts';
import type { Store } from '../store/store.ts';

/** Alerts that one transaction takes at most; a single batch may be larger. */
const GROUP_ALERTS = 4_096;

export interface IntakeParts {
  readonly store: Pick<Store, 'storeBatches'>;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Called once for each alert that was not there before, in the order of commit. */
  readonly onStored: (alert: Alert) => void;
  /** Called after each commit that brought something new. */
  readonly onCommit: () => void;
}

interface Waiting {
  readonly batch: Batch;
  readonly resolve: (acked: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The one place where alerts enter the store. What waits is stored together, in one transaction with one sync: the
 * more there is, the less each costs. Told of in the order of commit.
 */
export class Intake {
  readonly #parts: IntakeParts;
  #waiting: Waiting[] = [];
  #isWorking = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Stores a batch of one agent. Answers the highest seq committed for it. Where a batch fails, those of the same
   * agent that wait behind it fail too, so that nothing is acknowledged with a gap before it.
   * @throws {CentralError} CENTRAL_ALERT_ID_TAKEN, CENTRAL_ALERT_ID_INVALID, CENTRAL_AGENT_UNKNOWN, and whatever the
   * database throws
   */
  store(agent: string, alerts: readonly Alert[], received: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch: { agent, alerts, received }, resolve, reject });
      if (!this.#isWorking) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    // Everything that has come over the sockets by now goes into the first group.
    await setImmediate();
    while (this.#waiting.length > 0) await this.#commit(this.#takeGroup());
    this.#isWorking = false;
  }

  #takeGroup(): readonly Waiting[] {
    let alerts = 0;
    const end = this.#waiting.findIndex(({ batch }, index) => {
      alerts += batch.alerts.length;
      return index > 0 && alerts > GROUP_ALERTS;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    let outcomes: readonly (StoredBatch | RefusedBatch)[];
    const start = performance.now();
    try {
      outcomes = await this.#parts.store.storeBatches(group.map(({ batch }) => batch));
    } catch (error) {
      for (const waiting of group) this.#fail(waiting, error);
      return;
    }
    const { metrics } = this.#parts;
    metrics.observe('sealwatch_central_commit_seconds', (performance.now() - start) / 1_000);
    metrics.observe(
      'sealwatch_central_commit_alerts',
      group.reduce((sum, { batch }) => sum + batch.alerts.length, 0),
    );
    let isNew = false;
    for (const [index, outcome] of outcomes.entries()) {
      const waiting = group[index];
      if (waiting === undefined) continue;
      if (outcome.kind === 'refused') {
        this.#fail(waiting, new CentralError(outcome.code, outcome.message));
        continue;
      }
      this.#count(waiting.batch.agent, outcome);
      for (const alert of outcome.fresh) this.#tell(alert);
      isNew ||= outcome.fresh.length > 0;
      waiting.resolve(outcome.acked);
    }
    if (isNew) this.#parts.onCommit();
  }

  #fail(failed: Waiting, error: unknown): void {
    failed.reject(error);
    const isBehind = ({ batch }: Waiting) => batch.agent === failed.batch.agent;
    const behind = this.#waiting.filter(isBehind);
    this.#waiting = this.#waiting.filter((waiting) => !isBehind(waiting));
    for (const { reject } of behind) reject(error);
  }

  #count(agent: string, stored: StoredBatch): void {
    const { metrics, log } = this.#parts;
    metrics.count('sealwatch_central_alerts_stored_total', stored.fresh.length);
    metrics.count('sealwatch_central_alerts_duplicate_total', stored.duplicates);
    if (stored.conflicting === 0) return;
    metrics.count('sealwatch_central_alerts_conflicting_total', stored.conflicting);
    log.warn('alerts ignored: other alerts hold their seq; has the agent lost its spool?', {
      agent,
      count: stored.conflicting,
    });
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
