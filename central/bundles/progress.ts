import type { Lease } from '../leadership/lease.ts';
import { type CentralLog, describeError } from '../log.ts';
import { judgeCanaries } from './canary-verdict.ts';
import type { FleetHealth } from './fleet-health.ts';
import type { Offers } from './offers.ts';
import type { KeptRollout, Rollouts } from './rollouts.ts';
import type { BundleSettings } from './settings.ts';

/** Looks without a renewal after which another node decides. */
export const LEASE_LOOKS = 4;
const ACTOR = 'central';

export interface ProgressParts {
  readonly settings: BundleSettings;
  readonly rollouts: Rollouts;
  readonly health: FleetHealth;
  readonly offers: Offers;
  readonly lease: Lease;
  readonly log: CentralLog;
}

/** Moves rollouts on, or stops them, by how the hosts fare. Every node offers; one at a time decides. */
export class Progress {
  readonly #parts: ProgressParts;
  #timer: NodeJS.Timeout | null = null;
  #work: Promise<void> = Promise.resolve();
  #isBusy = false;

  constructor(parts: ProgressParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => this.wake(), this.#parts.settings.look_ms);
  }

  /** Looks now, unless a look is under way. */
  wake(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#work = this.look()
      .catch((error: unknown) =>
        this.#parts.log.error('rollouts stand still', { error: describeError(error) }),
      )
      .finally(() => {
        this.#isBusy = false;
      });
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#work;
    const { lease, log } = this.#parts;
    await lease.release().catch((error: unknown) => {
      log.warn('other nodes wait until the lease is over', { duty: lease.duty, error: describeError(error) });
    });
  }

  /** One look at every rollout. */
  async look(): Promise<void> {
    const { rollouts, offers, lease } = this.#parts;
    const offered = await rollouts.offered();
    if (offered.length === 0) return;
    if ((await lease.take()) !== null) {
      for (const rollout of offered) {
        if (rollout.state === 'canary') await this.#judge(rollout);
        else if (rollout.state === 'full') await this.#finish(rollout);
      }
    }
    await offers.offerAll();
  }

  async #judge({ id, row, baseline, kind, version }: KeptRollout): Promise<void> {
    const { rollouts, health, settings, log } = this.#parts;
    const verdict = judgeCanaries(await health.report(row, baseline), settings);
    if (verdict.kind === 'wait') return;
    if (verdict.kind === 'go') {
      await rollouts.move(id, 'full', 'the canaries are well', ACTOR);
      return;
    }
    log.error('a rollout is stopped', { id, kind, version, reason: verdict.reason });
    await rollouts.move(id, 'stopped', verdict.reason, ACTOR);
  }

  /** On the way to all hosts, refusals still stop it: canaries may have been of one kind. */
  async #finish({ id, row, baseline, kind, version }: KeptRollout): Promise<void> {
    const { rollouts, health, settings, log } = this.#parts;
    const { applied, refused } = await health.report(row, baseline);
    if (refused > 0 && (100 * refused) / (applied + refused) > settings.refused_percent) {
      const reason = `${refused} of ${applied + refused} hosts that answered refuse it`;
      log.error('a rollout is stopped', { id, kind, version, reason });
      await rollouts.move(id, 'stopped', reason, ACTOR);
    } else if ((await health.unanswered(row)) === 0) {
      await rollouts.move(id, 'done', 'every host that is connected answered', ACTOR);
    }
  }
}
