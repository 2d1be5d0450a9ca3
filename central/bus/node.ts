import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Alert } from '../../wire/index.ts';
import { CentralError } from '../errors.ts';
import type { Credentials } from '../identity/credentials.ts';
import type { Arrivals, Reception } from '../ingest/arrivals.ts';
import { Intake } from '../ingest/intake.ts';
import type { AgentIdentity } from '../ingest/session.ts';
import type { CentralLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';
import { Claims } from './claims.ts';
import { BusConnection, type BusLink } from './connection.ts';
import { LastWords } from './last-words.ts';
import { NodeArrivals } from './node-arrivals.ts';
import { NodeBook } from './node-book.ts';
import { NodeCredentials } from './node-credentials.ts';
import { BusPublisher } from './publisher.ts';
import { busSettingsSchema, type GivenBusSettings, ROLES, type Role } from './settings.ts';
import type { AgentBook, AlertSink } from './sink.ts';
import { COMMITS_SUBJECT } from './streams.ts';
import { BusWriter } from './writer.ts';

export interface NodeOptions {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Called once for each newly stored alert that this node stored, in the order of commit. */
  readonly onStored: (alert: Alert) => void;
  /** Called after each commit of this node, and of others where the bus tells of it. */
  readonly onCommit: () => void;
  /** Absent: this node does everything, and stores alerts itself. */
  readonly bus?: GivenBusSettings | undefined;
  /** Absent: all. */
  readonly roles?: readonly Role[] | undefined;
  /** Name of this node. */
  readonly node: string;
}

/** How alerts go through this node. */
export interface IngestSink {
  readonly roles: ReadonlySet<Role>;
  readonly intake: AlertSink;
  readonly book: AgentBook;
  /** How hellos are taken here. */
  arrivals(arrivals: Arrivals): Reception;
  /** Whose connections are here. */
  identify(credentials: Pick<Credentials, 'identify' | 'shown'>): (socket: Duplex) => Promise<AgentIdentity>;
  /** Whether NATS can be reached; null where there is no bus. */
  isBusUp(): boolean | null;
  /** Tells other nodes that an agent is here. */
  claim(agent: string): void;
  /** Calls back when an agent has connected to another node. */
  onLost(listener: (agent: string) => void): void;
  /** Ends writing, and the connection to the bus; sessions must have ended before. */
  stop(): Promise<void>;
}

/** What this node does. @throws {CentralError} CENTRAL_ROLES_INVALID */
export function rolesOf({
  roles = ROLES,
  bus,
  store,
}: Pick<NodeOptions, 'roles' | 'bus' | 'store'>): ReadonlySet<Role> {
  const chosen = new Set(roles);
  if (chosen.size === ROLES.length && bus === undefined) return chosen;
  if (store.dialect === 'sqlite') {
    throw new CentralError('CENTRAL_ROLES_INVALID', 'several nodes need one PostgreSQL database', {
      hint: 'set database to PostgreSQL, or leave out bus and roles',
    });
  }
  if (bus === undefined && chosen.has('ingest') !== chosen.has('writer')) {
    throw new CentralError(
      'CENTRAL_ROLES_INVALID',
      'a node that only takes alerts or only writes them needs a bus',
      { hint: 'set bus, or give ingest and writer to the same node' },
    );
  }
  return chosen;
}

/**
 * Builds what sessions hand alerts to: the database itself, or the bus; and the writer where it is this node's role.
 * Does not wait for the bus, which may be down.
 * @throws {CentralError} CENTRAL_ROLES_INVALID
 */
export function buildIngestSink(options: NodeOptions): IngestSink {
  const { store, metrics, log, onStored, onCommit } = options;
  const roles = rolesOf(options);
  if (options.bus === undefined) {
    const intake = new Intake({ store, metrics, log, onStored, onCommit });
    return {
      roles,
      intake,
      book: store,
      arrivals: (own) => own,
      identify: (own) => (socket) => own.identify(socket),
      isBusUp: () => null,
      claim: ignore,
      onLost: ignore,
      stop: async () => undefined,
    };
  }
  const settings = busSettingsSchema.parse(options.bus);
  const node = options.node;
  const connection = new BusConnection({ settings, node, log });
  const publisher = new BusPublisher({ connection, settings, metrics, node });
  const words = new LastWords({ metrics, log });
  const book = new NodeBook(store, words);
  const settled = (agent: string) => publisher.settled(agent);
  const listeners: ((agent: string) => void)[] = [];
  const claims = new Claims({
    connection,
    node: `${node} ${randomUUID()}`,
    log,
    onLost: (agent) => {
      for (const listener of listeners) listener(agent);
    },
  });
  const commits = tellOfCommits(connection, onCommit);
  const parts = { connection, settings, store, metrics, log, onStored, onCommit: commits };
  const writer = roles.has('writer') ? new BusWriter(parts) : null;
  let known: NodeCredentials | null = null;
  return {
    roles,
    intake: publisher,
    book,
    arrivals: (arrivals) => new NodeArrivals({ arrivals, store, words, settled, clock: options.clock }),
    identify(credentials) {
      known = new NodeCredentials({ credentials, store, clock: options.clock });
      return (socket) => known?.identify(socket) ?? credentials.identify(socket);
    },
    isBusUp: () => connection.link !== null,
    claim: (agent) => claims.claim(agent),
    onLost: (listener) => void listeners.push(listener),
    async stop() {
      known?.stop();
      await writer?.stop();
      await words.stop();
      await connection.stop();
    },
  };
}

/** Hears of commits of all writers, so that feeds need not ask the database. Answers how to tell of one. */
function tellOfCommits(connection: BusConnection, onCommit: () => void): () => void {
  let heardOn: BusLink | null = null;
  connection.onUp((link) => {
    // What was committed while NATS was away was not told.
    onCommit();
    if (heardOn === link) return;
    heardOn = link;
    link.connection.subscribe(COMMITS_SUBJECT, { callback: () => onCommit() });
  });
  return () => {
    const { link } = connection;
    if (link === null) onCommit();
    else link.connection.publish(COMMITS_SUBJECT);
  };
}

function ignore(): void {}
