import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type AgentFrame, type CentralFrame, decodeAgentFrame, encodeFrame } from '../../../wire/index.ts';

/** Central as a test plays it: frames of all connections in order. */
export class PlayedCentral {
  readonly frames: AgentFrame[] = [];
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  readonly #waiting = new Set<() => void>();
  #socket: WebSocket | null = null;

  constructor(onFrame: (central: PlayedCentral, frame: AgentFrame) => void) {
    this.#server.on('connection', (socket) => {
      this.#socket = socket;
      socket.on('message', (data) => {
        const frame = decodeAgentFrame(String(data));
        this.frames.push(frame);
        onFrame(this, frame);
        for (const check of this.#waiting) check();
      });
    });
  }

  async url(): Promise<string> {
    if (this.#server.address() === null) await once(this.#server, 'listening');
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  send(frame: CentralFrame | string): void {
    this.#socket?.send(typeof frame === 'string' ? frame : encodeFrame(frame));
  }

  drop(): void {
    this.#socket?.terminate();
  }

  of<T extends AgentFrame['type']>(type: T): readonly Extract<AgentFrame, { type: T }>[] {
    return this.frames.filter((frame): frame is Extract<AgentFrame, { type: T }> => frame.type === type);
  }

  get seqs(): readonly number[] {
    return this.of('batch').flatMap(({ alerts }) => alerts.map(({ seq }) => seq));
  }

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!holds()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }
}

/** Welcomes at `acked` and acknowledges every batch. */
export const obliging = (acked: () => number) => (central: PlayedCentral, frame: AgentFrame) => {
  if (frame.type === 'hello') central.send({ type: 'welcome', acked_seq: acked() });
  if (frame.type === 'batch') central.send({ type: 'ack', seq: frame.alerts.at(-1)?.seq ?? 0 });
};
