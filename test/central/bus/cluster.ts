import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GivenBusSettings, Role } from '../../../central/bus/settings.ts';
import { type CentralOptions, identitySettings } from '../../../central/index.ts';
import { hello, knowCentral, Link, until, workDirectory } from '../bench.ts';
import { plainAlert } from '../samples.ts';
import { NatsCluster, type NatsSettings, withoutNats } from '../services/nats.ts';
import { Node } from '../services/node.ts';
import { PostgresCluster, withoutPostgres } from '../services/postgres.ts';

/** Milliseconds between attempts of an agent. */
const RETRY_MS = 50;
const BATCH_ALERTS = 20;
const MEBIBYTE = 1024 ** 2;
/** More than half of what the servers of the tests have: a second node must not ask for it once more. */
const MAX_BYTES = 600 * MEBIBYTE;

function agentId(number: number): string {
  return number.toString(16).padStart(16, '0');
}

/** Every agent of the tests. */
export const AGENTS = [1, 2, 3, 4].map(agentId);

/** For a test's `skip`. */
export function withoutServices(): string | false {
  return withoutNats() || withoutPostgres();
}

/** Real PostgreSQL, real NATS, and nodes of central over both. */
export class Cluster {
  readonly postgres: PostgresCluster;
  readonly nats: NatsCluster;
  readonly database: string;
  /** Holds the authority, which all nodes share. */
  readonly directory: string;
  readonly #context: TestContext;
  readonly #bus: GivenBusSettings;

  private constructor(
    context: TestContext,
    postgres: PostgresCluster,
    nats: NatsCluster,
    database: string,
    bus: Partial<GivenBusSettings>,
  ) {
    this.#context = context;
    this.postgres = postgres;
    this.nats = nats;
    this.database = database;
    this.directory = workDirectory(context);
    const passwordFile = join(this.directory, 'password');
    writeFileSync(passwordFile, nats.password, { mode: 0o600 });
    const { servers, user } = nats;
    this.#bus = {
      servers: [...servers],
      user,
      password_file: passwordFile,
      ack_wait_ms: 2_000,
      max_bytes: MAX_BYTES,
      dead_max_bytes: MEBIBYTE,
      ...bus,
    };
  }

  static async open(
    context: TestContext,
    settings: NatsSettings = {},
    bus: Partial<GivenBusSettings> = {},
  ): Promise<Cluster> {
    const postgres = await PostgresCluster.open();
    context.after(() => postgres.destroy());
    const nats = await NatsCluster.open(settings);
    context.after(() => nats.destroy());
    return new Cluster(context, postgres, nats, await postgres.createDatabase(), bus);
  }

  get bus(): GivenBusSettings {
    return this.#bus;
  }

  /** Starts a node. Answers once it listens. */
  async start(node: string, roles: readonly Role[]): Promise<Node> {
    const options: Partial<CentralOptions> = {
      databasePath: { postgresUrl: this.database },
      identity: identitySettings.parse({
        listen: '127.0.0.1:0',
        directory: join(this.directory, 'authority'),
      }),
      node,
      roles,
      bus: this.#bus,
    };
    const started = await Node.start(this.#context, options);
    const { url, agentUrl } = started;
    if (agentUrl !== '') await knowCentral(url, agentUrl, this.directory, AGENTS);
    return started;
  }

  /** Ids of all stored alerts, sorted. */
  async storedIds(): Promise<readonly string[]> {
    const rows = await this.postgres.query('SELECT id FROM alerts', this.database);
    return rows.map(({ id }) => String(id)).sort();
  }

  /** Waits until as many alerts are stored. */
  async stored(count: number): Promise<void> {
    await until(async () => {
      const ids = await this.storedIds().catch(() => []);
      if (ids.length < count) await sleep(RETRY_MS);
      return ids.length >= count;
    });
  }
}

/** One agent that delivers alerts in their order, to whichever node takes it, until all are acknowledged. */
export class Sender {
  readonly agent: string;
  acked = 0;
  /** Lowest welcome that was below what had been acknowledged; null where there was none. */
  forgotten: number | null = null;
  #last = 0;

  constructor(number: number) {
    this.agent = agentId(number);
  }

  ids(count: number): readonly string[] {
    return Array.from({ length: count }, (_, at) => `${this.agent}-${at + 1}`);
  }

  /** Delivers up to `last`, with a pause of so many milliseconds behind each ack. */
  async deliver(urls: () => readonly string[], last: number, paceMs = 0): Promise<void> {
    this.#last = last;
    for (let attempt = Number.parseInt(this.agent, 16); this.acked < last; attempt += 1) {
      const now = urls();
      const url = now[attempt % now.length];
      if (url !== undefined) await this.#session(url, paceMs);
      if (this.acked < last) await sleep(RETRY_MS);
    }
  }

  async #session(url: string, paceMs: number): Promise<void> {
    const link = new Link(url, this.agent);
    link.send(hello(this.agent, this.#last));
    const welcome = await link.next();
    if (welcome?.type === 'welcome') await this.#stream(link, welcome.acked_seq, paceMs);
    link.socket.terminate();
  }

  async #stream(link: Link, welcomed: number, paceMs: number): Promise<void> {
    if (welcomed < this.acked) this.forgotten = welcomed;
    // What was acknowledged is gone from the agent: it cannot be sent again.
    let sent = Math.max(welcomed, this.acked);
    this.acked = sent;
    while (this.acked < this.#last) {
      while (sent < Math.min(this.#last, this.acked + 2 * BATCH_ALERTS)) {
        const count = Math.min(BATCH_ALERTS, this.#last - sent);
        const alerts = Array.from({ length: count }, (_, at) => plainAlert(sent + at + 1, {}, this.agent));
        link.send({ type: 'batch', alerts });
        sent += count;
      }
      const frame = await link.next();
      if (frame?.type !== 'ack') return;
      this.acked = frame.seq;
      if (paceMs > 0) await sleep(paceMs);
    }
  }
}

/** Ids of so many alerts of every sender, sorted. */
export function sentIds(senders: readonly Sender[], count: number): readonly string[] {
  return senders.flatMap((sender) => sender.ids(count)).sort();
}
