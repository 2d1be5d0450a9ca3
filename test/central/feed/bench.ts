import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Feeds } from '../../../central/feed/feeds.ts';
import type { FeedRecord } from '../../../central/feed/record.ts';
import type { FeedRun, FeedStatus } from '../../../central/feed/status.ts';
import { type FeedSettings, feedsSchema } from '../../../central/index.ts';
import { Metrics } from '../../../central/metrics.ts';
import { openStore, type Store } from '../../../central/store/store.ts';
import type { Alert } from '../../../wire/index.ts';
import { keptLog, until, workDirectory } from '../bench.ts';
import { AGENT, fullAlert } from '../samples.ts';

export const RECEIVED = '2026-08-01T11:00:00.000Z';
export const CONTEXT: FeedRecord['context'] = {
  version: '1.2.3',
  receivedMs: Date.parse(RECEIVED),
  agent: { id: AGENT, os: 'Debian GNU/Linux 12', version: '0.1.0' },
};

export function recordOf(alert: Alert, position = alert.seq): FeedRecord {
  return { position, alert, context: CONTEXT };
}

/** Settings as an operator writes them. */
export function settings(...feeds: readonly object[]): readonly FeedSettings[] {
  return feedsSchema.parse(feeds);
}

/** A file with a secret, mode 0600. */
export function secretFile(directory: string, name: string, secret: string, mode = 0o600): string {
  const path = join(directory, name);
  writeFileSync(path, `${secret}\n`, { mode });
  return path;
}

/** Ids of alerts, for the sets of a comparison. */
export function ids(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${AGENT}-${from + index}`);
}

/** Feeds over a real store, without the rest of central. */
export class FeedBench {
  readonly directory: string;
  readonly log = keptLog();
  readonly metrics = new Metrics();
  #store: Store | null = null;
  #feeds: Feeds | null = null;
  #seq = 0;

  constructor(context: TestContext) {
    this.directory = workDirectory(context);
    context.after(() => this.stop());
  }

  get feeds(): Feeds {
    if (this.#feeds === null) throw new Error('no feeds are open');
    return this.#feeds;
  }

  get store(): Store {
    if (this.#store === null) throw new Error('no store is open');
    return this.#store;
  }

  async start(...feeds: readonly object[]): Promise<void> {
    this.#store = await openStore(join(this.directory, 'central.db'));
    await this.#store.registerAgent(
      { id: AGENT, version: '0.1.0', host: 'build-7', os: 'Debian GNU/Linux 12' },
      RECEIVED,
    );
    this.#feeds = this.openFeeds(true, feeds);
    await this.#feeds.start();
  }

  /** Feeds over the store, not yet started. */
  openFeeds(mayLead: boolean, feeds: readonly object[]): Feeds {
    const { store, metrics, log } = this;
    const parts = { store, metrics, log, version: '1.2.3', clock: Date.now };
    return new Feeds({ ...parts, settings: settings(...feeds), mayLead, node: 'only' });
  }

  async stop(): Promise<void> {
    await this.#feeds?.stop();
    await this.#store?.close();
    this.#feeds = null;
    this.#store = null;
  }

  /** Stores so many alerts, and says so. */
  async put(count: number, more: (seq: number) => Partial<Alert> = () => ({})): Promise<void> {
    for (let left = count; left > 0; ) {
      const size = Math.min(left, 256);
      const alerts = Array.from({ length: size }, () => {
        this.#seq += 1;
        return { ...fullAlert(this.#seq), ...more(this.#seq) };
      });
      await this.#store?.storeBatches([{ agent: AGENT, alerts, received: RECEIVED }]);
      left -= size;
    }
    this.#feeds?.wake();
  }

  async status(name: string): Promise<FeedStatus & FeedRun> {
    const found = (await this.feeds.status()).find((status) => status.name === name);
    if (found === undefined || found.run === null) throw new Error(`no feed ${name} runs`);
    return { ...found, ...found.run };
  }

  async until(name: string, condition: (status: FeedStatus & FeedRun) => boolean): Promise<void> {
    await until(async () => condition(await this.status(name)));
  }

  caughtUp(name: string): Promise<void> {
    return this.until(name, ({ lagAlerts, failing }) => lagAlerts === 0 && !failing);
  }
}

export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

function openssl(...args: readonly string[]): void {
  const done = spawnSync('openssl', args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
}

/** An authority of its own, and what it signed: a server called `receiver.test` or as `server` says, and a client. */
export function certificates(directory: string, server = 'DNS:receiver.test'): Certificates {
  const at = (name: string) => join(directory, 'tls', name);
  mkdirSync(at('.'), { recursive: true, mode: 0o700 });
  const key = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-noenc',
    '-keyout',
    at(name),
  ];
  openssl(
    'req',
    '-x509',
    ...key('ca.key'),
    '-out',
    at('ca.pem'),
    '-subj',
    '/CN=test authority',
    '-days',
    '2',
  );
  for (const [name, subject, names] of [
    ['server', 'receiver.test', server],
    ['client', 'central.test', 'DNS:central.test'],
  ] as const) {
    openssl('req', ...key(`${name}.key`), '-out', at(`${name}.csr`), '-subj', `/CN=${subject}`);
    writeFileSync(at(`${name}.ext`), `subjectAltName=${names}\n`);
    openssl(
      ...[
        'x509',
        '-req',
        '-in',
        at(`${name}.csr`),
        '-CA',
        at('ca.pem'),
        '-CAkey',
        at('ca.key'),
        '-CAcreateserial',
      ],
      ...['-out', at(`${name}.pem`), '-days', '2', '-extfile', at(`${name}.ext`)],
    );
  }
  return {
    ca: at('ca.pem'),
    serverCert: at('server.pem'),
    serverKey: at('server.key'),
    clientCert: at('client.pem'),
    clientKey: at('client.key'),
  };
}
