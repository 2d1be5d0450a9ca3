import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ClientOptions, WebSocket } from 'ws';
import { Authority } from '../../central/identity/authority.ts';
import {
  type Central,
  type CentralLog,
  type CentralOptions,
  identitySettings,
  openCentral,
} from '../../central/index.ts';
import {
  type AgentFrame,
  type Alert,
  type CentralFrame,
  decodeCentralFrame,
  encodeFrame,
} from '../../wire/index.ts';
import { AGENT, OTHER_AGENT } from './samples.ts';

const HOUR_MS = 3_600_000;
/** What tells the machine of the tests from others. */
const MACHINE = 'ab'.repeat(32);

/** A directory that goes away with the test. */
export function workDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sealwatch-central-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A log that keeps its lines. */
export function keptLog(): CentralLog & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (message: string, fields?: object) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  };
  return { lines, info: keep('info'), warn: keep('warn'), error: keep('error') };
}

/** What an agent shows in its handshake, PEM. */
export interface Credentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A central that links can be made to: where its agents connect, and what those show. */
interface Known {
  readonly agentUrl: string;
  readonly credentials: Map<string, Credentials>;
}

const known = new Map<string, Known>();
/** What the last welcome gave an agent, whichever central it was. */
const generations = new Map<string, string>();

/** Has central's own authority, whose directory this is, give certificates to agents. */
export async function issueCredentials(
  authorityDirectory: string,
  agents: readonly string[],
): Promise<ReadonlyMap<string, Credentials>> {
  const authority = await Authority.open({
    directory: authorityDirectory,
    trustDomain: undefined,
    clock: Date.now,
  });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const all = new Map<string, Credentials>();
  for (const agent of agents) {
    const { certificate: cert } = await authority.issueAgent(agent, spki, HOUR_MS);
    all.set(agent, { ca: authority.certificate, cert, key });
  }
  return all;
}

/** Makes a central known, so that links can be made to it by the URL of its API. */
export async function knowCentral(
  url: string,
  agentUrl: string,
  directory: string,
  agents: readonly string[] = [AGENT, OTHER_AGENT],
): Promise<void> {
  const credentials = new Map(await issueCredentials(join(directory, 'authority'), agents));
  const before = known.get(url)?.credentials ?? [];
  known.set(url, { agentUrl, credentials: new Map([...before, ...credentials]) });
}

/** Central over real files in a directory, stopped with the test. */
export async function startCentral(
  context: TestContext,
  directory: string,
  more: Partial<CentralOptions> = {},
): Promise<Central> {
  const central = await openCentral({
    databasePath: join(directory, 'central.db'),
    host: '127.0.0.1',
    port: 0,
    anonymous: 'viewer',
    identity: identitySettings.parse({ listen: '127.0.0.1:0', directory: join(directory, 'authority') }),
    feeds: [],
    version: '0.0.0-test',
    log: keptLog(),
    ...more,
  });
  context.after(() => central.stop());
  await knowCentral(central.url, central.agentUrl, directory);
  return central;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** An agent's end of a real connection; frames and the close are waited for in order. */
export class Link {
  readonly socket: WebSocket;
  readonly closed: Promise<Closed>;
  readonly #frames: CentralFrame[] = [];
  #arrived: () => void = () => undefined;
  #isClosed = false;
  #agent = AGENT;

  /** Connects to the central whose API has this URL, as an agent that is known there. */
  constructor(url: string, agent: string = AGENT, options: ClientOptions = {}) {
    const central = known.get(url);
    this.socket = new WebSocket(`${central?.agentUrl}/v1/agent`, 'sealwatch.v1', {
      ...central?.credentials.get(agent),
      ...options,
    });
    this.socket.on('message', (data) => {
      const frame = decodeCentralFrame(data.toString());
      if (frame.type === 'welcome' && frame.generation !== undefined)
        generations.set(this.#agent, frame.generation);
      this.#frames.push(frame);
      this.#arrived();
    });
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.#isClosed = true;
        this.#arrived();
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Sends a frame; a hello shows what the last welcome gave, as an agent does that kept it. */
  send(frame: AgentFrame): void {
    if (frame.type !== 'hello') {
      this.sendText(encodeFrame(frame));
      return;
    }
    const { id } = frame.agent;
    this.#agent = id;
    this.sendText(encodeFrame({ ...frame, generation: frame.generation ?? generations.get(id) ?? null }));
  }

  sendText(text: string | Buffer): void {
    if (this.socket.readyState === WebSocket.CONNECTING)
      this.socket.once('open', () => this.socket.send(text));
    else this.socket.send(text);
  }

  /** The next frame of central; null where the connection ended instead. */
  async next(): Promise<CentralFrame | null> {
    while (this.#frames.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    return this.#frames.shift() ?? null;
  }
}

export function hello(id = AGENT, last_seq = 1_000_000): AgentFrame {
  return {
    type: 'hello',
    protocol: 1,
    agent: { id, version: '0.1.0', host: 'build-7', os: 'Debian GNU/Linux 12' },
    last_seq,
    generation: null,
    machine: MACHINE,
    bundles: [],
  };
}

/** Connects, says hello and waits for the welcome. */
export async function connect(
  context: TestContext,
  central: Central,
  id = AGENT,
): Promise<{ readonly link: Link; readonly acked: number }> {
  if (!known.get(central.url)?.credentials.has(id))
    throw new Error(`${id} has no certificate: see knowCentral`);
  const link = new Link(central.url, id);
  context.after(() => link.socket.terminate());
  link.send(hello(id));
  const welcome = await link.next();
  if (welcome?.type !== 'welcome') throw new Error(`no welcome but ${JSON.stringify(welcome)}`);
  return { link, acked: welcome.acked_seq };
}

/** Sends a batch and answers the seq of its ack. */
export async function deliver(link: Link, alerts: readonly Alert[]): Promise<number> {
  link.send({ type: 'batch', alerts: [...alerts] });
  const ack = await link.next();
  if (ack?.type !== 'ack') throw new Error(`no ack but ${JSON.stringify(ack)}`);
  return ack.seq;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
  readonly body: any;
}

export async function get(central: Central, path: string): Promise<Answer> {
  const response = await fetch(`${central.url}${path}`);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

/** Uids of the whole lines of a feed, in order. */
export function feedUids(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line).finding_info.uid);
}

/** Resolves when the condition holds; the runner's own limit ends a test whose condition never does. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
