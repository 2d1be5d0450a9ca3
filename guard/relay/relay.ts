import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Passage, PassageListener, Side } from '../session/free-calls.ts';
import { FRAME_BYTES, FrameReader, frameHeader, numbers, ORDER, type Order, TOLD } from './frames.ts';
import { RelayInput, RelayOutput } from './relay-streams.ts';

/** Names of tools that the relay takes, and bytes of one; program/names.h has the same bounds. */
const MAX_NAMES = 2_000;
const MAX_NAME_BYTES = 256;
/**
 * Milliseconds for which calls pass without a word of the guard: as long as a look at what no watch tells of holds. So
 * none passes while the guard cannot be heard, and the first call after a pause is decided here.
 */
const LEASE_MS = 50;
/** Milliseconds that the relay has to pass on the last of what it has. */
const FINISH_MS = 2_000;

/**
 * The guard's end of sealwatch-relay, which stands between the descriptors of a client and a server, passes what was
 * decided before, and gives everything else to a session here (program/control.h).
 */
export class Relay implements Passage {
  readonly client: { readonly input: Readable; readonly output: Writable };
  readonly server: { readonly input: Writable; readonly output: Readable };
  /** The relay has gone. */
  readonly ended: Promise<void>;
  readonly #control: Duplex;
  readonly #frames = new FrameReader();
  readonly #inputs: { readonly [S in Side]: RelayInput };
  readonly #toServer: RelayOutput;
  readonly #toClient: RelayOutput;
  /** Bytes that the relay is to be told of. */
  readonly #taken = { client: 0, server: 0, passed: 0 };
  readonly #handled = { client: 0, server: 0 };
  #listener: PassageListener | null = null;
  #isCorked = false;
  #isFinishing = false;
  #tellsTaken = false;

  /** `early` is what was read of the server before. */
  constructor(control: Duplex, early: Buffer) {
    this.#control = control;
    const input = (side: Side) =>
      new RelayInput((bytes) => {
        this.#taken[side] += bytes;
        this.#tellTakenSoon();
      });
    this.#inputs = { client: input('client'), server: input('server') };
    this.#toServer = new RelayOutput(
      (bytes) => this.#send(ORDER.toServer, bytes),
      () => this.#send(ORDER.endServer),
    );
    this.#toClient = new RelayOutput(
      (bytes) => this.#send(ORDER.toClient, bytes),
      () => {},
    );
    this.client = { input: this.#inputs.client, output: this.#toClient };
    this.server = { input: this.#toServer, output: this.#inputs.server };
    this.ended = new Promise<void>((resolve) => control.once('close', resolve)).then(() => this.#gone());
    control.on('error', () => {});
    control.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#send(ORDER.start, early);
  }

  listen(listener: PassageListener): void {
    this.#listener = listener;
  }

  open(tools: readonly string[]): void {
    const names = tools
      .filter((name) => name.isWellFormed())
      .map((name) => Buffer.from(name))
      .filter(({ length }) => length > 0 && length <= MAX_NAME_BYTES);
    const parts = [numbers(LEASE_MS)];
    let room = FRAME_BYTES - 4;
    for (const name of names.slice(0, MAX_NAMES)) {
      room -= 2 + name.length;
      if (room < 0) break;
      parts.push(Buffer.from([name.length & 0xff, name.length >> 8]), name);
    }
    this.#send(ORDER.open, Buffer.concat(parts));
  }

  renew(): void {
    this.#send(ORDER.renew, numbers(LEASE_MS));
  }

  close(): void {
    this.#send(ORDER.close);
  }

  watch(isWatched: boolean): void {
    this.#send(isWatched ? ORDER.watch : ORDER.unwatch);
  }

  recorded(bytes: number): void {
    this.#taken.passed += bytes;
    this.#tellTakenSoon();
  }

  handled(side: Side, bytes: number): void {
    this.#handled[side] += bytes;
    this.#tellTakenSoon();
  }

  /** Has the relay pass on what it has, and ends it; what it told until then was heard. */
  async finish(): Promise<void> {
    this.#send(ORDER.finish);
    // It may end before it takes more, and a write that failed would take what it told last with it.
    this.#isFinishing = true;
    const timer = setTimeout(() => this.#control.destroy(), FINISH_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #take(chunk: Buffer): void {
    const frames = this.#frames.push(chunk);
    if (frames === null) this.#control.destroy();
    for (const { kind, bytes } of frames ?? []) this.#told(kind, bytes);
  }

  #told(kind: string, bytes: Buffer): void {
    switch (kind) {
      case TOLD.client:
        this.#inputs.client.give(bytes);
        break;
      case TOLD.server:
        this.#inputs.server.give(bytes);
        break;
      case TOLD.clientEnded:
        this.#inputs.client.push(null);
        break;
      case TOLD.serverEnded:
        this.#inputs.server.push(null);
        break;
      case TOLD.passed:
        this.#listener?.passed(bytes);
        break;
      case TOLD.written:
        this.#toServer.written(bytes.readUInt32LE(0));
        this.#toClient.written(bytes.readUInt32LE(4));
        this.#tellTakenSoon();
        break;
      case TOLD.broken:
        this.#listener?.broken();
        break;
      default:
        this.#control.destroy();
    }
  }

  /** What one turn handled is told at once. */
  #tellTakenSoon(): void {
    if (this.#tellsTaken) return;
    this.#tellsTaken = true;
    process.nextTick(() => {
      this.#tellsTaken = false;
      this.#tellTaken();
    });
  }

  /** Handled is only what has left, so that nothing that the relay passes overtakes it. */
  #tellTaken(): void {
    const client = this.#toServer.writableLength === 0 ? this.#handled.client : 0;
    const server = this.#toClient.writableLength === 0 ? this.#handled.server : 0;
    const taken = [this.#taken.client, client, this.#taken.server, server, this.#taken.passed];
    if (taken.every((bytes) => bytes === 0)) return;
    this.#send(ORDER.taken, numbers(...taken));
    this.#handled.client -= client;
    this.#handled.server -= server;
    Object.assign(this.#taken, { client: 0, server: 0, passed: 0 });
  }

  /** Everything of one turn leaves together, and before anything else happens here. */
  #send(kind: Order, bytes: Buffer = Buffer.alloc(0)): void {
    if (this.#isFinishing || this.#control.destroyed) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#control.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        this.#control.uncork();
      });
    }
    this.#control.write(frameHeader(kind, bytes.length));
    if (bytes.length > 0) this.#control.write(bytes);
  }

  #gone(): void {
    for (const input of [this.#inputs.client, this.#inputs.server])
      if (!input.readableEnded) input.push(null);
    this.#toServer.destroy();
    this.#toClient.destroy();
  }
}

/**
 * Starts the program between standard input and output of this process and the pipes of a server, which are its own
 * from then on. Null where that cannot be, and nothing has changed.
 */
export function startRelay(program: string, stdin: Writable, stdout: Readable): Relay | null {
  if (!(stdin instanceof Socket) || !(stdout instanceof Socket)) return null;
  if (stdin.destroyed || stdout.destroyed || stdout.readableEnded) return null;
  const child = spawn(program, [], { stdio: [0, 1, 2, 'pipe', stdin, stdout], env: {}, cwd: '/' });
  child.on('error', () => {});
  const control = child.stdio[3];
  if (child.pid === undefined || !(control instanceof Socket)) return null;
  const early: Buffer | null = stdout.read();
  // Only this process's descriptors of them are closed.
  stdin.destroy();
  stdout.destroy();
  return new Relay(control, early ?? Buffer.alloc(0));
}
