import type { FeedStatus } from './feed/runner.ts';

/** Counters of central, each with the label that it is split by, or null. */
const COUNTERS = {
  sealwatch_central_frames_total: { label: 'type', help: 'Frames accepted from agents.' },
  sealwatch_central_refusals_total: {
    label: 'code',
    help: 'Connections that were refused after the upgrade.',
  },
  sealwatch_central_upgrades_refused_total: { label: 'status', help: 'Upgrades refused, by HTTP status.' },
  sealwatch_central_credentials_refused_total: {
    label: 'code',
    help: 'Requests of agents to enrol or renew that were refused.',
  },
  sealwatch_central_sessions_replaced_total: {
    label: null,
    help: 'Sessions closed because the same agent connected again.',
  },
  sealwatch_central_sessions_held_total: {
    label: null,
    help: 'Times that a socket was not read because its agent sent more than it may.',
  },
  sealwatch_central_admissions_total: {
    label: 'outcome',
    help: 'Connections that asked to be let in, by what became of them.',
  },
  sealwatch_central_silences_total: {
    label: 'kind',
    help: 'Agents that fell silent, by whether it was told, folded or part of an outage.',
  },
  sealwatch_central_alerts_stored_total: { label: null, help: 'Alerts committed.' },
  sealwatch_central_alerts_duplicate_total: { label: null, help: 'Alerts that were sent again and ignored.' },
  sealwatch_central_alerts_conflicting_total: {
    label: null,
    help: 'Alerts ignored because another alert holds their agent and seq.',
  },
  sealwatch_central_alerts_deleted_total: { label: null, help: 'Alerts deleted because of age or size.' },
  sealwatch_central_alerts_deleted_unfed_total: {
    label: null,
    help: 'Of the deleted alerts, those that a feed had not taken: lost to it.',
  },
  sealwatch_central_agents_behind_total: {
    label: null,
    help: 'Hellos whose last_seq was below what central holds: the agent lost its spool.',
  },
  sealwatch_central_feed_delivered_total: {
    label: 'feed',
    help: 'Alerts handed to the receiver of a feed, repeats included.',
  },
  sealwatch_central_feed_failures_total: { label: 'feed', help: 'Failed attempts of a feed.' },
} as const;
type CounterName = keyof typeof COUNTERS;

/** Values that are read when the metrics are asked for. */
export interface Gauges {
  readonly sessions: number;
  readonly alertPosition: number;
  readonly feeds: readonly FeedStatus[];
  /** Alerts that searches do not find yet. */
  readonly searchLag: number;
}

/** Gauges of each feed, by the label `feed`. */
const FEED_GAUGES: readonly (readonly [name: string, help: string, value: (feed: FeedStatus) => number])[] = [
  ['position', 'Position up to which a feed is done.', (feed) => feed.position],
  ['failing', '1 while the last attempt of a feed failed.', (feed) => (feed.failing ? 1 : 0)],
  ['lag_alerts', 'Alerts behind the position of a feed.', (feed) => feed.lagAlerts],
  ['lag_seconds', 'Seconds since the oldest of them was received.', (feed) => feed.lagSeconds],
  ['dead_letters', 'Alerts that the receiver of a feed refused for good.', (feed) => feed.deadLetters],
];

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Counters since the start; label values come from closed sets, so their number is bounded. */
export class Metrics {
  readonly #values = new Map<CounterName, Map<string, number>>();

  count(name: CounterName, by = 1, label = ''): void {
    const series = this.#values.get(name) ?? new Map<string, number>();
    series.set(label, (series.get(label) ?? 0) + by);
    this.#values.set(name, series);
  }

  /** Prometheus text exposition format 0.0.4. */
  text(gauges: Gauges): string {
    const lines: string[] = [];
    for (const [name, { label, help }] of Object.entries(COUNTERS)) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
      const series = this.#values.get(name as CounterName) ?? new Map(label === null ? [['', 0]] : []);
      for (const [value, count] of series) {
        lines.push(`${name}${label === null ? '' : `{${label}="${escapeLabel(value)}"}`} ${count}`);
      }
    }
    const gauge = (name: string, help: string, value: number) =>
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`);
    gauge('sealwatch_central_sessions', 'Connected agents.', gauges.sessions);
    gauge('sealwatch_central_alert_position', 'Position of the newest alert.', gauges.alertPosition);
    gauge('sealwatch_central_search_lag', 'Alerts that searches do not find yet.', gauges.searchLag);
    for (const [suffix, help, value] of gauges.feeds.length === 0 ? [] : FEED_GAUGES) {
      const name = `sealwatch_central_feed_${suffix}`;
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
      for (const feed of gauges.feeds) lines.push(`${name}{feed="${escapeLabel(feed.name)}"} ${value(feed)}`);
    }
    return `${lines.join('\n')}\n`;
  }
}
