import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { Relay } from '../../../guard/relay/relay.ts';
import { relayPath } from './built-relay.ts';

/** The relay with a test at each of its ends: the client's, the server's, and the guard's. */
export class RelayedSession {
  readonly relay: Relay;
  readonly child: ChildProcess;
  readonly control: Duplex;
  readonly client: { readonly input: Writable; readonly output: Readable };
  readonly server: { readonly input: Readable; readonly output: Writable };
  /** What was passed without the guard, as it was told. */
  readonly passed: Buffer[] = [];
  /** An answer that was passed in pieces was told to be none. */
  readonly broken: Promise<void>;

  constructor(context: TestContext, early = '') {
    const pipes = ['pipe', 'pipe', 'inherit', 'pipe', 'pipe', 'pipe'] as const;
    this.child = spawn(relayPath, [], { stdio: [...pipes] });
    const [input, output, , control, toServer, fromServer] = this.child.stdio as unknown as Duplex[];
    if (!input || !output || !control || !toServer || !fromServer) throw new Error('no relay');
    for (const end of [input, output, control, toServer, fromServer]) end.on('error', () => {});
    this.client = { input, output };
    this.server = { input: toServer, output: fromServer };
    this.control = control;
    this.relay = new Relay(control, Buffer.from(early));
    const broken = Promise.withResolvers<void>();
    this.broken = broken.promise;
    this.relay.listen({
      passed: (lines) => {
        this.passed.push(lines);
        this.relay.recorded(lines.length);
      },
      broken: () => broken.resolve(),
    });
    context.after(() => this.child.kill('SIGKILL'));
  }

  /** How the relay's process ended. */
  async ended(): Promise<number | string | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode ?? this.child.signalCode;
  }

  /** KiB of memory that the relay holds (proc(5), VmRSS). */
  get memory(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  }
}

/** Gathers what comes, and waits for a number of bytes of it. */
export class Gathered {
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #heard: () => void = () => {};

  constructor(stream: Readable, taken: (chunk: Buffer) => void = () => {}) {
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      taken(chunk);
      this.#heard();
    });
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  async until(size: number): Promise<Buffer> {
    while (this.#size < size)
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    return this.bytes;
  }
}

export const line = (value: object): string => `${JSON.stringify({ jsonrpc: '2.0', ...value })}\n`;

export function call(id: number, name = 'echo', args: object = {}): string {
  return line({ id, method: 'tools/call', params: { name, arguments: args } });
}
