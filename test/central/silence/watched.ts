import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Intake } from '../../../central/ingest/intake.ts';
import { Presence } from '../../../central/ingest/presence.ts';
import { Metrics } from '../../../central/metrics.ts';
import { OwnAlerts, readOwnRules } from '../../../central/silence/own-alerts.ts';
import { type SilenceSettings, silenceSettings } from '../../../central/silence/settings.ts';
import { Silence } from '../../../central/silence/silence.ts';
import type { DatabasePlace } from '../../../central/store/place.ts';
import { openStore, type Store } from '../../../central/store/store.ts';
import type { Alert, StopReason } from '../../../wire/index.ts';
import { keptLog, workDirectory } from '../bench.ts';

export const START = Date.parse('2026-11-28T10:00:00.000Z');
const RECONNECT_MS = 2_000;
const RULES = fileURLToPath(new URL('../../../rules/mcp', import.meta.url));
const NEVER_MS = 2 ** 30;

/** Time as central measures it, moved by the test alone. */
class Clock {
  mono = 0;
  wall = START;
  pass(ms: number): void {
    this.mono += ms;
    this.wall += ms;
  }
}

export const id = (number: number) => number.toString(16).padStart(16, '0');

export class Watched {
  readonly alerts: Alert[] = [];
  readonly clock: Clock;
  readonly store: Store;
  readonly presence: Presence;
  readonly silence: Silence;
  readonly own: OwnAlerts;
  readonly paused = new Set<string>();

  private constructor(parts: {
    clock: Clock;
    store: Store;
    presence: Presence;
    own: OwnAlerts;
    settings: Partial<SilenceSettings>;
    alerts: Alert[];
  }) {
    this.clock = parts.clock;
    this.store = parts.store;
    this.presence = parts.presence;
    this.own = parts.own;
    this.alerts = parts.alerts;
    this.silence = new Silence({
      store: parts.store,
      flush: () => parts.presence.flush(),
      isPaused: (agent) => this.paused.has(agent),
      raise: (event) => parts.own.raise(event),
      reconnectMs: () => RECONNECT_MS,
      settings: silenceSettings(parts.settings),
      metrics: new Metrics(),
      log: keptLog(),
      clock: () => parts.clock.wall,
      monotonic: () => parts.clock.mono,
    });
  }

  static async open(
    context: TestContext,
    settings: Partial<SilenceSettings> = {},
    shared?: { readonly store: Store; readonly clock: Clock; readonly node: string },
    place: DatabasePlace = join(workDirectory(context), 'central.db'),
  ): Promise<Watched> {
    const clock = shared?.clock ?? new Clock();
    const store = shared?.store ?? (await openStore(place));
    const log = keptLog();
    const alerts: Alert[] = [];
    const intake = new Intake({
      store,
      metrics: new Metrics(),
      log,
      onStored: (alert) => alerts.push(alert),
      onCommit: () => undefined,
    });
    const presence = new Presence({ store, log, noteIntervalMs: NEVER_MS });
    const own = await OwnAlerts.open({
      store,
      intake,
      rules: readOwnRules(RULES, log),
      log,
      clock: () => clock.wall,
      self: { host: 'central-1', os: 'Linux', version: '9' },
      node: shared?.node ?? 'central',
    });
    const watched = new Watched({ clock, store, presence, own, settings, alerts });
    context.after(async () => {
      await watched.silence.stop();
      await presence.stop();
      await own.stop();
      if (shared === undefined) await store.close();
    });
    return watched;
  }

  async arrive(...numbers: readonly number[]): Promise<void> {
    for (const number of numbers) {
      const agent = { id: id(number), host: `host-${number}`, os: 'Linux', version: '0.1' };
      await this.store.registerAgent(agent, new Date(this.clock.wall).toISOString());
      this.presence.heard(agent.id, this.clock.wall);
      this.silence.arrived(agent.id);
    }
  }

  beat(...numbers: readonly number[]): void {
    for (const number of numbers) {
      this.presence.heard(id(number), this.clock.wall);
      this.silence.heard(id(number));
    }
  }

  leave(number: number, goodbye: StopReason | null = null): void {
    this.presence.left(id(number), this.clock.wall, goodbye === null ? 'disconnected' : 'stopped');
    this.silence.left(id(number), goodbye);
  }

  /** Lets seconds go by with a look at each, and heartbeats of these agents. */
  async seconds(count: number, ...beating: readonly number[]): Promise<void> {
    for (let second = 0; second < count; second += 1) {
      this.clock.pass(1_000);
      this.beat(...beating);
      await this.silence.sweep();
    }
  }

  /** What was raised so far: `name host count`. */
  async told(): Promise<readonly string[]> {
    await this.own.idle();
    return this.alerts.map(({ rule, host, count }) => `${rule.name} ${host} ${count}`);
  }

  async stateOf(number: number): Promise<string | undefined> {
    const row = await this.store.db
      .selectFrom('agents')
      .select('state')
      .where('id', '=', id(number))
      .executeTakeFirst();
    return row?.state;
  }
}
