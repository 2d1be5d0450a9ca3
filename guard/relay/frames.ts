/** Bytes of one frame behind its kind; program/control.h has the same bound. */
export const FRAME_BYTES = 512 * 1024;
const HEADER_BYTES = 5;

/** What the relay tells; program/control.h says what follows each. */
export const TOLD = {
  client: 'c',
  server: 's',
  passed: 'e',
  clientEnded: 'q',
  serverEnded: 'p',
  written: 'w',
  broken: 'm',
} as const;

/** What the relay is ordered. */
export const ORDER = {
  start: '<',
  toServer: 'S',
  toClient: 'C',
  endServer: 'E',
  taken: 'a',
  open: 'o',
  renew: 'r',
  close: 'x',
  watch: 'w',
  unwatch: 'u',
  finish: 'z',
} as const;
export type Order = (typeof ORDER)[keyof typeof ORDER];

/** A frame of the relay. */
export interface Frame {
  readonly kind: string;
  readonly bytes: Buffer;
}

/** What stands before the bytes of a frame. */
export function frameHeader(kind: Order, length: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(length, 0);
  header.write(kind, 4, 'latin1');
  return header;
}

export function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32LE(value, at * 4);
  return bytes;
}

/** Cuts what the relay sends into frames. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #size = 0;
  /** Bytes of the frame that is being read, with its header; 0 before that is known. */
  #wanted = 0;

  /** Null where the bytes are no frames. */
  push(chunk: Buffer): readonly Frame[] | null {
    this.#pieces.push(chunk);
    this.#size += chunk.length;
    if (this.#size < Math.max(this.#wanted, HEADER_BYTES)) return [];
    const frames: Frame[] = [];
    const bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces);
    let at = 0;
    this.#wanted = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt32LE(at);
      if (length > FRAME_BYTES) return null;
      const end = at + HEADER_BYTES + length;
      if (end > bytes.length) {
        this.#wanted = end - at;
        break;
      }
      const kind = String.fromCharCode(bytes[at + 4] ?? 0);
      frames.push({ kind, bytes: bytes.subarray(at + HEADER_BYTES, end) });
      at = end;
    }
    const rest = bytes.subarray(at);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return frames;
  }
}
