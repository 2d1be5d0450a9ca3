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
  sealwatch_central_bus_published_total: { label: null, help: 'Alerts that the bus took.' },
  sealwatch_central_bus_duplicate_total: {
    label: null,
    help: 'Alerts that were sent again and are on the bus already.',
  },
  sealwatch_central_bus_refused_total: {
    label: 'reason',
    help: 'Alerts that were sent back to their agent because the bus was full or did not answer.',
  },
  sealwatch_central_bus_redelivered_total: {
    label: null,
    help: 'Alerts that this writer got from the bus a second time.',
  },
  sealwatch_central_bus_dead_total: {
    label: null,
    help: 'Messages that can never be stored, put aside into the stream of dead letters.',
  },
  sealwatch_central_bundle_refusals_total: {
    label: 'code',
    help: 'Times that a host refused a bundle, by the code that it gave.',
  },
  sealwatch_central_claims_total: {
    label: null,
    help: 'Sessions closed because the agent connected to another node.',
  },
  sealwatch_central_notes_dropped_total: {
    label: null,
    help: 'Notes of agents given up because too many waited for the database.',
  },
  sealwatch_central_feed_delivered_total: {
    label: 'feed',
    help: 'Alerts handed to the receiver of a feed, repeats included.',
  },
  sealwatch_central_feed_failures_total: { label: 'feed', help: 'Failed attempts of a feed.' },
} as const;
type CounterName = keyof typeof COUNTERS;

/** Values that are read when the metrics are asked for, each with the label that it is split by, or null. */
const GAUGES = {
  sealwatch_central_sessions: { label: null, help: 'Connected agents.' },
  sealwatch_central_handshakes_waiting: { label: null, help: 'Connections that wait to be let in.' },
  sealwatch_central_agents: { label: 'state', help: 'Known agents, by state.' },
  sealwatch_central_alert_position: { label: null, help: 'Position of the newest alert.' },
  sealwatch_central_alerts_kept: { label: null, help: 'Alerts in the store.' },
  sealwatch_central_alert_bytes_kept: { label: null, help: 'Bytes of the alerts in the store, as JSON.' },
  sealwatch_central_search_lag: { label: null, help: 'Alerts that searches do not find yet.' },
  sealwatch_central_leads: {
    label: 'duty',
    help: '1 on the node that does what one node does at a time, 0 on those that wait for it.',
  },
  sealwatch_central_feed_position: { label: 'feed', help: 'Position up to which a feed is done.' },
  sealwatch_central_feed_failing: { label: 'feed', help: '1 while the last attempt of a feed failed.' },
  sealwatch_central_feed_lag_alerts: { label: 'feed', help: 'Alerts behind the position of a feed.' },
  sealwatch_central_feed_lag_seconds: {
    label: 'feed',
    help: 'Seconds since the oldest of them was received.',
  },
  sealwatch_central_feed_dead_letters: {
    label: 'feed',
    help: 'Alerts that the receiver of a feed refused for good.',
  },
  sealwatch_central_rollouts: { label: 'state', help: 'Rollouts of bundles, by state.' },
  sealwatch_central_bundles_applied: {
    label: 'kind',
    help: 'Hosts that said last of a bundle that it is in force.',
  },
  sealwatch_central_bundles_refused: { label: 'kind', help: 'Hosts that refused the bundle last offered.' },
  sealwatch_central_event_loop_delay_seconds: {
    label: 'quantile',
    help: 'How late the event loop was since the last time this was asked.',
  },
  process_resident_memory_bytes: { label: null, help: 'Memory of the process.' },
  process_start_time_seconds: { label: null, help: 'When the process began, since 1970.' },
  process_open_fds: { label: null, help: 'Open descriptors.' },
  process_max_fds: { label: null, help: 'Descriptors that the process may have.' },
} as const;
type GaugeName = keyof typeof GAUGES;

/** Upper bounds in seconds: the goal for the p99 of the ack, 250 ms, is one of them. */
const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const SIZE_BOUNDS = [1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

const HISTOGRAMS = {
  sealwatch_central_ack_seconds: {
    bounds: LATENCY_BOUNDS,
    help: 'From the moment that a batch is taken up to its acknowledgement.',
  },
  sealwatch_central_commit_seconds: { bounds: LATENCY_BOUNDS, help: 'Duration of a commit of alerts.' },
  sealwatch_central_commit_alerts: { bounds: SIZE_BOUNDS, help: 'Alerts in a commit.' },
} as const;
type HistogramName = keyof typeof HISTOGRAMS;

/** Names of every metric, those that a histogram writes included. */
export const METRIC_NAMES: readonly string[] = [
  ...Object.keys(COUNTERS),
  ...Object.keys(GAUGES),
  ...Object.keys(HISTOGRAMS).flatMap((name) => [`${name}_bucket`, `${name}_sum`, `${name}_count`]),
];

/** Series of one metric at most; what is beyond that counts under the label `other`. */
const MAX_SERIES = 256;
const OVERFLOW = 'other';

/** A value, or one for each value of the label; null: there is none now. */
export type Reading = number | ReadonlyMap<string, number> | null;

interface Histogram {
  readonly buckets: number[];
  sum: number;
  count: number;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function headOf(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function seriesOf(name: string, label: string | null, value: string): string {
  return label === null ? name : `${name}{${label}="${escapeLabel(value)}"}`;
}

/** What central counts and measures since its start. */
export class Metrics {
  readonly #counts = new Map<CounterName, Map<string, number>>();
  readonly #histograms = new Map<HistogramName, Histogram>();
  readonly #readers = new Map<GaugeName, () => Reading | Promise<Reading>>();

  count(name: CounterName, by = 1, label = ''): void {
    const series = this.#counts.get(name) ?? new Map<string, number>();
    const key = series.has(label) || series.size < MAX_SERIES ? label : OVERFLOW;
    series.set(key, (series.get(key) ?? 0) + by);
    this.#counts.set(name, series);
  }

  /** Adds one measurement: seconds, or what the histogram's name says. */
  observe(name: HistogramName, value: number): void {
    const { bounds } = HISTOGRAMS[name];
    const kept = this.#histograms.get(name) ?? { buckets: bounds.map(() => 0), sum: 0, count: 0 };
    const at = bounds.findIndex((bound) => value <= bound);
    if (at >= 0) kept.buckets[at] = (kept.buckets[at] ?? 0) + 1;
    kept.sum += value;
    kept.count += 1;
    this.#histograms.set(name, kept);
  }

  /** Has a gauge read each time that the metrics are asked for. A reader that fails leaves its gauge out. */
  watch(name: GaugeName, read: () => Reading | Promise<Reading>): void {
    this.#readers.set(name, read);
  }

  /** Prometheus text exposition format 0.0.4. */
  async text(): Promise<string> {
    const gauges = await Promise.all(
      [...this.#readers].map(async ([name, read]) => this.#gaugeLines(name, await readingOf(read))),
    );
    return `${[...this.#counterLines(), ...this.#histogramLines(), ...gauges.flat()].join('\n')}\n`;
  }

  #counterLines(): string[] {
    return Object.entries(COUNTERS).flatMap(([name, { label, help }]) => {
      const series = this.#counts.get(name as CounterName) ?? new Map(label === null ? [['', 0]] : []);
      const lines = [...series].map(([value, count]) => `${seriesOf(name, label, value)} ${count}`);
      return [...headOf(name, help, 'counter'), ...lines];
    });
  }

  #gaugeLines(name: GaugeName, reading: Reading): string[] {
    if (reading === null) return [];
    const { label, help } = GAUGES[name];
    const series = typeof reading === 'number' ? [['', reading] as const] : [...reading].slice(0, MAX_SERIES);
    return [
      ...headOf(name, help, 'gauge'),
      ...series.map(([value, amount]) => `${seriesOf(name, label, value)} ${amount}`),
    ];
  }

  #histogramLines(): string[] {
    return Object.entries(HISTOGRAMS).flatMap(([name, { bounds, help }]) => {
      const kept = this.#histograms.get(name as HistogramName);
      let below = 0;
      const buckets = bounds.map((bound, at) => {
        below += kept?.buckets[at] ?? 0;
        return `${name}_bucket{le="${bound}"} ${below}`;
      });
      const count = kept?.count ?? 0;
      return [
        ...headOf(name, help, 'histogram'),
        ...buckets,
        `${name}_bucket{le="+Inf"} ${count}`,
        `${name}_sum ${kept?.sum ?? 0}`,
        `${name}_count ${count}`,
      ];
    });
  }
}

/** The database may be away when its gauges are read: the rest is still told. */
async function readingOf(read: () => Reading | Promise<Reading>): Promise<Reading> {
  try {
    return await read();
  } catch {
    return null;
  }
}
