import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { type Central, type CentralLog, type CentralOptions, openCentral } from '../../central/index.ts';
import {
  type AgentFrame,
  type Alert,
  type CentralFrame,
  decodeCentralFrame,
  encodeFrame,
} from '../../wire/index.ts';
import { AGENT } from './samples.ts';

export const TOKEN = 'token-of-the-tests-0123456789';

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
    agentToken: TOKEN,
    anonymous: 'viewer',
    feedPath: null,
    version: '0.0.0-test',
    log: keptLog(),
    ...more,
  });
  context.after(() => central.stop());
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

  constructor(url: string, headers: Readonly<Record<string, string>> = { authorization: `Bearer ${TOKEN}` }) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/v1/agent`, 'sealwatch.v1', { headers });
    this.socket.on('message', (data) => {
      this.#frames.push(decodeCentralFrame(data.toString()));
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

  send(frame: AgentFrame): void {
    this.sendText(encodeFrame(frame));
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
    machine: null,
    bundles: [],
  };
}

/** Connects, says hello and waits for the welcome. */
export async function connect(
  context: TestContext,
  central: Central,
  id = AGENT,
): Promise<{ readonly link: Link; readonly acked: number }> {
  const link = new Link(central.url);
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
