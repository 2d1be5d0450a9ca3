import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { LineReader } from '../../../guard/frames/line-reader.ts';

const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** The client's end of a pair of streams that carry lines, for the SDK's client. */
export class StreamTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #input: Writable;
  readonly #output: Readable;

  constructor({ input, output }: { readonly input: Writable; readonly output: Readable }) {
    this.#input = input;
    this.#output = output;
  }

  async start(): Promise<void> {
    const reader = new LineReader(MAX_LINE_BYTES);
    this.#output.on('data', (chunk: Buffer) => {
      for (const { bytes } of reader.push(chunk)) this.onmessage?.(JSON.parse(bytes.toString('utf8')));
    });
    this.#output.once('end', () => this.onclose?.());
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (!this.#input.write(`${JSON.stringify(message)}\n`)) await once(this.#input, 'drain');
  }

  async close(): Promise<void> {
    this.#input.end();
    this.onclose?.();
  }
}

/** A transport that keeps what came over another one, in order. */
export class RecordedTransport implements Transport {
  readonly received: JSONRPCMessage[] = [];
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  async start(): Promise<void> {
    this.#inner.onmessage = (message) => {
      this.received.push(message);
      this.onmessage?.(message);
    };
    this.#inner.onclose = () => this.onclose?.();
    this.#inner.onerror = (error) => this.onerror?.(error);
    await this.#inner.start();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    await this.#inner.send(message);
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion?.(version);
  }
}
