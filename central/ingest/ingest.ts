import { hostname, release, type } from 'node:os';
import { compileRules } from '../../rules/engine/index.ts';
import type { AgentFrame, Alert, HelloFrame } from '../../wire/index.ts';
import { buildIngestSink } from '../bus/node.ts';
import type { GivenBusSettings, Role } from '../bus/settings.ts';
import type { AlertSink } from '../bus/sink.ts';
import type { Identity } from '../identity/identity.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { Clones } from '../silence/clones.ts';
import { OwnAlerts, type OwnEvent, readOwnRules } from '../silence/own-alerts.ts';
import { type SilenceSettings, silenceSettings } from '../silence/settings.ts';
import { Silence } from '../silence/silence.ts';
import type { Store } from '../store/store.ts';
import { Admission } from './admission.ts';
import { Arrivals } from './arrivals.ts';
import { Commands } from './commands.ts';
import { Gate } from './gate.ts';
import { Presence } from './presence.ts';
import { Sessions } from './sessions.ts';
import { type IngestSettings, ingestSettings } from './settings.ts';

export interface IngestParts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds that no setting of the clock moves. */
  readonly monotonic: () => number;
  readonly identity: Pick<Identity, 'credentials' | 'generations' | 'listener'>;
  readonly settings: Partial<IngestSettings> | undefined;
  readonly silence: Partial<SilenceSettings> | undefined;
  /** Directory of the rule pack; null: central raises no alerts of its own. */
  readonly rules: string | null;
  /** Name of this node where several share a database. */
  readonly node: string;
  /** Which parts run in this process; undefined: all. */
  readonly roles?: readonly Role[] | undefined;
  /** The bus between nodes; undefined: alerts go straight to the database. */
  readonly bus?: GivenBusSettings | undefined;
  /** Called once for each alert that was not there before, in the order of commit. */
  readonly onStored: (alert: Alert) => void;
  readonly onCommit: () => void;
  /** An agent is welcomed; offers may be sent. */
  readonly onReady?: (agent: string, hello: HelloFrame) => void;
  readonly onBundleState?: (agent: string, frame: Extract<AgentFrame, { type: 'bundle_state' }>) => void;
}

/** Everything between the sockets of agents and the store. */
export interface Ingest {
  readonly roles: ReadonlySet<Role>;
  /** Whether the bus can be reached; null where there is none. */
  readonly isBusUp: () => boolean | null;
  readonly admission: Admission;
  readonly sessions: Sessions;
  readonly commands: Commands;
  /** Raises an alert of central itself. */
  readonly raise: (event: OwnEvent) => void;
  /** A second holder of an agent's identity was sent away. */
  readonly cloned: (agent: string, detail: string) => void;
  /** Closes all sessions, and stores what they and central have begun. */
  stop(): Promise<void>;
}

/** Builds ingest and begins to wait for the agents that are known. @throws whatever the database throws */
export async function openIngest(parts: IngestParts): Promise<Ingest> {
  const { store, metrics, log, clock, monotonic, identity } = parts;
  const settings = ingestSettings(parts.settings);
  const sink = buildIngestSink(parts);
  const { intake } = sink;
  const own = await openOwnAlerts(parts, intake);
  const raise = (event: OwnEvent) => own.raise(event);
  const clones = new Clones({ ...parts, raise, settings: silenceSettings(parts.silence) });
  const cloned = (agent: string, detail: string) => {
    clones.noticed(agent, detail).catch((error: unknown) => {
      log.error('a clone could not be told of', { agent, error: describeError(error) });
    });
  };
  const presence = new Presence({ store, log, noteIntervalMs: settings.note_interval_ms });
  const commands = new Commands((agent, frame) => sessions.send(agent, frame));
  const silence = new Silence({
    ...parts,
    raise,
    flush: () => presence.flush(),
    isPaused: (agent) => sessions.isPaused(agent),
    reconnectMs: () => sessions.reconnectMs,
    settings: silenceSettings(parts.silence),
  });
  const sessions: Sessions = new Sessions({
    ...{ store: sink.book, intake, presence, metrics, log, settings, clock, monotonic, commands },
    arrivals: sink.arrivals(new Arrivals({ store, generations: identity.generations, clock })),
    attendance: silence,
    fleetSize: () => silence.size,
    onReady: parts.onReady ?? (() => undefined),
    onBundleState: parts.onBundleState ?? (() => undefined),
    onLeft: (agent) => commands.left(agent),
    onClaim: (agent) => sink.claim(agent),
  });
  sink.onLost((agent) => sessions.release(agent));
  const identify = sink.identify(identity.credentials);
  const { max_connections } = settings;
  const gate = new Gate({ identify, sessions, metrics, log, clock, max_connections });
  gate.guard(identity.listener.server);
  const admission = new Admission({ settings, metrics, log, monotonic });
  await silence.start();
  const stop = async () => {
    gate.close();
    admission.stop();
    await sessions.stop();
    await silence.stop();
    await presence.stop();
    await own.stop();
    await sink.stop();
  };
  return {
    roles: sink.roles,
    isBusUp: () => sink.isBusUp(),
    admission,
    sessions,
    commands,
    raise,
    cloned,
    stop,
  };
}

async function openOwnAlerts(parts: IngestParts, intake: AlertSink): Promise<OwnAlerts> {
  const { store, log, clock, version, node } = parts;
  const rules = parts.rules === null ? compileRules([]) : readOwnRules(parts.rules, log);
  const self = { host: hostname(), os: `${type()} ${release()}`, version };
  return await OwnAlerts.open({ store, intake, rules, log, clock, self, node });
}
