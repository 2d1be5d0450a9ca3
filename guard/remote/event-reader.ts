const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
/** Characters of an event's id that are kept; it goes back in a header. */
const EVENT_ID = /^[\x20-\x7e]{1,1024}$/;
const MAX_FIELD_NAME_LENGTH = 16;

/** One server-sent event that carries data. */
export interface ServerEvent {
  /** `message` where the stream does not say. */
  readonly type: string;
  readonly data: Buffer;
}

/** An event is longer than the reader takes. */
export class EventTooLong extends Error {}

/**
 * Cuts bytes that come in pieces into server-sent events (WHATWG HTML, section 9.2.6), without changing a byte of their
 * data: the SDK's own reader has no limit and gives parsed messages only.
 */
export class EventReader {
  /** Id of the last event that had one that can go into a header; the stream can be resumed after it. */
  lastEventId: string | null = null;
  /** Milliseconds before the stream is to be resumed, where the server says so. */
  retryMs: number | null = null;
  readonly #limit: number;
  #line: Buffer[] = [];
  #lineBytes = 0;
  #data: Buffer[] = [];
  #dataBytes = 0;
  #type = '';
  #id: string | null = null;
  /** The piece ended in CR, to which an LF at the beginning of the next one belongs. */
  #afterCr = false;
  #first = true;

  /** `limit` is the bytes of one event. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of an event that is not over. */
  get held(): number {
    return this.#lineBytes + this.#dataBytes;
  }

  /** @throws {EventTooLong} */
  push(chunk: Buffer): readonly ServerEvent[] {
    const events: ServerEvent[] = [];
    let at = this.#afterCr && chunk[0] === LF ? 1 : 0;
    if (chunk.length > 0) this.#afterCr = false;
    let lf = chunk.indexOf(LF, at);
    let cr = chunk.indexOf(CR, at);
    while (at < chunk.length) {
      if (lf >= 0 && lf < at) lf = chunk.indexOf(LF, at);
      if (cr >= 0 && cr < at) cr = chunk.indexOf(CR, at);
      const end = lf < 0 || (cr >= 0 && cr < lf) ? cr : lf;
      this.#hold(chunk.subarray(at, end < 0 ? chunk.length : end));
      if (end < 0) break;
      at = end + 1;
      if (end === cr && at === chunk.length) this.#afterCr = true;
      else if (end === cr && chunk[at] === LF) at += 1;
      this.#endLine(events);
    }
    return events;
  }

  #hold(piece: Buffer): void {
    this.#line.push(piece);
    this.#lineBytes += piece.length;
    if (this.held > this.#limit) throw new EventTooLong();
  }

  #endLine(events: ServerEvent[]): void {
    const line = withoutBom(joined(this.#line, this.#lineBytes), this.#first);
    this.#line = [];
    this.#lineBytes = 0;
    this.#first = false;
    if (line.length === 0) this.#dispatch(events);
    else this.#field(line);
  }

  #field(line: Buffer): void {
    const colon = line.indexOf(':');
    const nameEnd = colon < 0 ? line.length : colon;
    if (nameEnd === 0 || nameEnd > MAX_FIELD_NAME_LENGTH) return;
    const value = line.subarray(colon < 0 ? line.length : nameEnd + (line[nameEnd + 1] === SPACE ? 2 : 1));
    switch (line.toString('latin1', 0, nameEnd)) {
      case 'data':
        this.#data.push(value);
        this.#dataBytes += value.length + 1;
        break;
      case 'event':
        this.#type = value.toString('utf8');
        break;
      case 'id':
        this.#id = value.toString('utf8');
        break;
      case 'retry':
        if (/^\d{1,9}$/.test(value.toString('latin1'))) this.retryMs = Number(value.toString('latin1'));
        break;
    }
  }

  #dispatch(events: ServerEvent[]): void {
    if (this.#id !== null) this.lastEventId = EVENT_ID.test(this.#id) ? this.#id : null;
    const data = joined(
      this.#data.flatMap((value, index) => (index === 0 ? [value] : [Buffer.from('\n'), value])),
      Math.max(0, this.#dataBytes - 1),
    );
    if (data.length > 0) events.push({ type: this.#type === '' ? 'message' : this.#type, data });
    this.#data = [];
    this.#dataBytes = 0;
    this.#type = '';
    this.#id = null;
  }
}

function withoutBom(line: Buffer, isFirst: boolean): Buffer {
  return isFirst && line.subarray(0, BOM.length).equals(BOM) ? line.subarray(BOM.length) : line;
}

function joined(pieces: readonly Buffer[], length: number): Buffer {
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, length);
}
