import { Readable, Writable } from 'node:stream';
import { FRAME_BYTES } from './frames.ts';

/** Bytes that one side has sent and the other has not taken; program/control.h has the same bound. */
const WINDOW_BYTES = 1024 * 1024;
const HELD_BYTES = 64 * 1024;

/** What the relay gives of one side. */
export class RelayInput extends Readable {
  readonly #onTaken: (bytes: number) => void;
  #untaken = 0;

  constructor(onTaken: (bytes: number) => void) {
    super({ highWaterMark: HELD_BYTES });
    this.#onTaken = onTaken;
  }

  give(bytes: Buffer): void {
    this.#untaken += bytes.length;
    if (this.push(bytes)) this.#take();
  }

  override _read(): void {
    this.#take();
  }

  #take(): void {
    if (this.#untaken === 0) return;
    this.#onTaken(this.#untaken);
    this.#untaken = 0;
  }
}

/** What the relay is given for one side. It takes no more than a window beyond what that side has read. */
export class RelayOutput extends Writable {
  readonly #send: (bytes: Buffer) => void;
  readonly #onEnd: () => void;
  /** Bytes on their way. */
  #sent = 0;
  /** What is to be sent of the present chunk. */
  #rest: Buffer = Buffer.alloc(0);
  #done: (() => void) | null = null;

  constructor(send: (bytes: Buffer) => void, onEnd: () => void) {
    super({ highWaterMark: HELD_BYTES, decodeStrings: true });
    this.#send = send;
    this.#onEnd = onEnd;
  }

  /** The reader took so many bytes. */
  written(bytes: number): void {
    this.#sent -= bytes;
    this.#go();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#rest = chunk;
    this.#done = done;
    this.#go();
  }

  override _final(done: () => void): void {
    this.#onEnd();
    done();
  }

  #go(): void {
    while (this.#rest.length > 0 && this.#sent < WINDOW_BYTES) {
      const piece = this.#rest.subarray(0, FRAME_BYTES);
      this.#rest = this.#rest.subarray(piece.length);
      this.#sent += piece.length;
      this.#send(piece);
    }
    if (this.#rest.length > 0 || this.#sent >= WINDOW_BYTES) return;
    const done = this.#done;
    this.#done = null;
    done?.();
  }
}
