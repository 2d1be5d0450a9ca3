import type { CollectorEvent, Health, Loss, PathChange, ProcessExec, Tamper } from '../../../wire/index.ts';
import { CollectorError } from '../../errors.ts';
import { execOf } from './exec-record.ts';
import { execRefusedOf, fileOpenOf, fileWriteOf, inodeChangeOf } from './file-records.ts';
import {
  LAYOUT,
  MAX_RECORD_BYTES,
  SENSOR_FEATURE,
  SENSOR_PART,
  SENSOR_TYPE,
  SENSOR_VERSION,
} from './layout.ts';
import { credentialsOf, exitOf, forkOf, memberOf, traceOf } from './process-records.ts';
import { socketOf, unixSocketOf } from './socket-record.ts';

/** What the sensor says: events, or an answer to its parent. */
export type SensorMessage =
  | Exclude<CollectorEvent, Health | PathChange>
  | {
      readonly kind: 'ready';
      readonly ringBytes: number;
      readonly maxArgvBytes: number;
      /** What of it this kernel lets the sensor tell. */
      readonly datagrams: boolean;
      readonly unixSockets: boolean;
      readonly fileChanges: boolean;
      readonly fileOpens: boolean;
      readonly execPermission: boolean;
      /** Whether membership outlives the sensor. */
      readonly pinned: boolean;
    }
  | { readonly kind: 'pong'; readonly token: number }
  /** `error` is the errno that stands in the way of the file actor; 0 where it is on. */
  | { readonly kind: 'file_actor'; readonly error: number }
  | { readonly kind: 'unmarked'; readonly path: string; readonly error: number }
  /** A process that should be ended lives on; `error` is an errno. */
  | { readonly kind: 'not_ended'; readonly pid: number; readonly error: number }
  /** The last word of a sensor that is a service: its exit status, and why. */
  | { readonly kind: 'failed'; readonly code: number; readonly text: string }
  /** Something that this decoder has no word for. */
  | { readonly kind: 'nothing' };

const NS_PER_MS = 1_000_000n;
const HEADER_BYTES = LAYOUT.sensor_header.size;
/** In every record that has a time. */
const TIME_AT = LAYOUT.sensor_exec.fields.time_ns;
const { fields: READY } = LAYOUT.sensor_ready;
const TAMPERED_PARTS: ReadonlyMap<number, Tamper['part']> = new Map([
  [SENSOR_PART.SENSOR_POLICIES, 'policies'],
  [SENSOR_PART.SENSOR_PROGRAMS, 'programs'],
]);

/** What may come first. */
const FIRST_TYPES: ReadonlySet<number> = new Set([SENSOR_TYPE.SENSOR_READY, SENSOR_TYPE.SENSOR_FAILED]);

function protocolError(message: string): CollectorError {
  return new CollectorError('COLLECTOR_SENSOR_PROTOCOL', `the sensor sent ${message}`, {
    hint: 'the sensor and the agent are of different builds: run the set-up again',
  });
}

/** Makes records of sensor/sensor.h into messages, however the pipe cuts them. */
export class SensorDecoder {
  #rest: Buffer = Buffer.alloc(0);
  #epochOffsetNs = 0n;
  #ready = false;

  /**
   * Takes the next bytes and yields each whole record as a message; iterate to the end. At most MAX_RECORD_BYTES wait for
   * their end. Throws CollectorError COLLECTOR_SENSOR_PROTOCOL at a bad record; nothing can follow it.
   */
  *push(chunk: Buffer): Generator<SensorMessage, void, undefined> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt32LE(at);
      if (length < HEADER_BYTES || length > MAX_RECORD_BYTES)
        throw protocolError(`a record of ${length} bytes`);
      if (bytes.length - at < length) break;
      yield this.#decode(bytes.subarray(at, at + length));
      at += length;
    }
    // A copy, so that a few waiting bytes do not keep a whole chunk alive.
    this.#rest = Buffer.from(bytes.subarray(at));
  }

  #decode(record: Buffer): SensorMessage {
    const version = record.readUInt16LE(LAYOUT.sensor_header.fields.version);
    const type = record.readUInt16LE(LAYOUT.sensor_header.fields.type);
    if (version !== SENSOR_VERSION) throw protocolError(`a record of version ${version}`);
    if (!this.#ready && !FIRST_TYPES.has(type))
      throw protocolError(`a record of type ${type} before it was ready`);
    if (type === SENSOR_TYPE.SENSOR_READY) return this.#decodeReady(record);
    return type === SENSOR_TYPE.SENSOR_EXEC ? this.#decodeExec(record) : this.#decodeRecord(type, record);
  }

  #decodeExec(record: Buffer): ProcessExec {
    const exec = record.length < TIME_AT + 8 ? null : execOf(record, this.#epochMs(record));
    if (exec === null) throw protocolError('an exec record whose lengths do not add up');
    return exec;
  }

  #decodeRecord(type: number, record: Buffer): SensorMessage {
    const decoder = DECODERS.get(type);
    if (decoder === undefined) throw protocolError(`a record of unknown type ${type}`);
    const { size, tail, decode } = decoder;
    if (record.length < size) throw protocolError(`a record of ${record.length} bytes instead of ${size}`);
    expectSize(record, size + (tail?.(record) ?? 0));
    return decode(record, this.#epochMs(record)) ?? { kind: 'nothing' };
  }

  /** Milliseconds since the epoch; of a record without a time any number. */
  #epochMs(record: Buffer): number {
    if (record.length < TIME_AT + 8) return 0;
    const time = record.readBigUInt64LE(TIME_AT);
    return Number((time + this.#epochOffsetNs) / NS_PER_MS);
  }

  #decodeReady(record: Buffer): SensorMessage {
    expectSize(record, LAYOUT.sensor_ready.size);
    this.#ready = true;
    this.#epochOffsetNs = record.readBigUInt64LE(READY.epoch_offset_ns);
    const features = record.readUInt32LE(READY.features);
    return {
      kind: 'ready',
      ringBytes: record.readUInt32LE(READY.ring_bytes),
      maxArgvBytes: record.readUInt32LE(READY.max_argv_bytes),
      datagrams: (features & SENSOR_FEATURE.SENSOR_HAS_DATAGRAMS) !== 0,
      unixSockets: (features & SENSOR_FEATURE.SENSOR_HAS_UNIX_SOCKETS) !== 0,
      fileChanges: (features & SENSOR_FEATURE.SENSOR_HAS_FILE_CHANGES) !== 0,
      fileOpens: (features & SENSOR_FEATURE.SENSOR_HAS_FILE_OPENS) !== 0,
      execPermission: (features & SENSOR_FEATURE.SENSOR_HAS_EXEC_PERMISSION) !== 0,
      pinned: (features & SENSOR_FEATURE.SENSOR_HAS_PIN) !== 0,
    };
  }
}

interface RecordDecoder {
  readonly size: number;
  /** Bytes behind the fixed part, by what that says. */
  readonly tail?: (record: Buffer) => number;
  /** Null where there is nothing to tell. */
  readonly decode: (record: Buffer, time: number) => SensorMessage | null;
}

const { fields: WRITE } = LAYOUT.sensor_file_write;
const fileDeed = {
  size: LAYOUT.sensor_file_write.size,
  tail: (record: Buffer) =>
    record.readUInt32LE(WRITE.directory_bytes) + record.readUInt32LE(WRITE.name_bytes),
};

const DECODERS: ReadonlyMap<number, RecordDecoder> = new Map<number, RecordDecoder>([
  [SENSOR_TYPE.SENSOR_FORK, { size: LAYOUT.sensor_fork.size, decode: forkOf }],
  [SENSOR_TYPE.SENSOR_EXIT, { size: LAYOUT.sensor_exit.size, decode: exitOf }],
  [SENSOR_TYPE.SENSOR_MEMBER, { size: LAYOUT.sensor_member_told.size, decode: memberOf }],
  [SENSOR_TYPE.SENSOR_TRACE, { size: LAYOUT.sensor_trace.size, decode: traceOf }],
  [SENSOR_TYPE.SENSOR_CREDENTIALS, { size: LAYOUT.sensor_credentials.size, decode: credentialsOf }],
  [SENSOR_TYPE.SENSOR_SOCKET, { size: LAYOUT.sensor_socket.size, decode: socketOf }],
  [SENSOR_TYPE.SENSOR_UNIX_SOCKET, { size: LAYOUT.sensor_unix_socket.size, decode: unixSocketOf }],
  [SENSOR_TYPE.SENSOR_FILE_WRITE, { ...fileDeed, decode: fileWriteOf }],
  [SENSOR_TYPE.SENSOR_FILE_OPEN, { ...fileDeed, decode: fileOpenOf }],
  [
    SENSOR_TYPE.SENSOR_FILE_CHANGE,
    {
      size: LAYOUT.sensor_file_change.size,
      tail: (record) => record.readUInt32LE(LAYOUT.sensor_file_change.fields.path_bytes),
      decode: inodeChangeOf,
    },
  ],
  [
    SENSOR_TYPE.SENSOR_REFUSED,
    {
      size: LAYOUT.sensor_refused.size,
      tail: (record) => record.readUInt32LE(LAYOUT.sensor_refused.fields.path_bytes),
      decode: execRefusedOf,
    },
  ],
  [SENSOR_TYPE.SENSOR_LOSS, { size: LAYOUT.sensor_loss.size, decode: lossOf }],
  [SENSOR_TYPE.SENSOR_FILE_LOSS, { size: LAYOUT.sensor_file_loss.size, decode: fileLossOf }],
  [SENSOR_TYPE.SENSOR_TAMPERED, { size: LAYOUT.sensor_tampered.size, decode: tamperOf }],
  [SENSOR_TYPE.SENSOR_PONG, { size: LAYOUT.sensor_pong.size, decode: pongOf }],
  [SENSOR_TYPE.SENSOR_FILE_ACTOR, { size: LAYOUT.sensor_file_actor.size, decode: fileActorOf }],
  [SENSOR_TYPE.SENSOR_NOT_ENDED, { size: LAYOUT.sensor_not_ended.size, decode: notEndedOf }],
  [
    SENSOR_TYPE.SENSOR_FAILED,
    {
      size: LAYOUT.sensor_failed.size,
      tail: (record) => record.readUInt32LE(LAYOUT.sensor_failed.fields.text_bytes),
      decode: failedOf,
    },
  ],
  [
    SENSOR_TYPE.SENSOR_UNMARKED,
    {
      size: LAYOUT.sensor_unmarked.size,
      tail: (record) => record.readUInt32LE(LAYOUT.sensor_unmarked.fields.path_bytes),
      decode: unmarkedOf,
    },
  ],
]);

function lossOf(record: Buffer, time: number): Loss {
  const count = Number(record.readBigUInt64LE(LAYOUT.sensor_loss.fields.lost));
  const members = Number(record.readBigUInt64LE(LAYOUT.sensor_loss.fields.lost_members));
  const text = 'the kernel sensor had no room or no memory for events';
  const detail = members === 0 ? text : `${text}, ${members} of them of servers' subtrees`;
  return { kind: 'loss', time, stage: 'kernel-ring', count, in_subtrees: members, detail };
}

function fileLossOf(_record: Buffer, time: number): Loss {
  const detail = 'the queue of fanotify was full: who wrote meanwhile is not known';
  return { kind: 'loss', time, stage: 'file-actor', count: 1, detail };
}

function tamperOf(record: Buffer, time: number): Tamper | null {
  const part = TAMPERED_PARTS.get(record.readUInt32LE(LAYOUT.sensor_tampered.fields.what));
  return part === undefined ? null : { kind: 'tamper', time, part };
}

function pongOf(record: Buffer): SensorMessage {
  return { kind: 'pong', token: record.readUInt32LE(LAYOUT.sensor_pong.fields.token) };
}

function fileActorOf(record: Buffer): SensorMessage {
  return { kind: 'file_actor', error: record.readUInt32LE(LAYOUT.sensor_file_actor.fields.error) };
}

function notEndedOf(record: Buffer): SensorMessage {
  const { pid, error } = LAYOUT.sensor_not_ended.fields;
  return { kind: 'not_ended', pid: record.readUInt32LE(pid), error: record.readUInt32LE(error) };
}

function failedOf(record: Buffer): SensorMessage {
  const { size, fields } = LAYOUT.sensor_failed;
  return { kind: 'failed', code: record.readUInt32LE(fields.code), text: record.toString('utf8', size) };
}

function unmarkedOf(record: Buffer): SensorMessage {
  const { size, fields } = LAYOUT.sensor_unmarked;
  return { kind: 'unmarked', path: record.toString('utf8', size), error: record.readUInt32LE(fields.error) };
}

function expectSize(record: Buffer, size: number): void {
  if (record.length !== size) throw protocolError(`a record of ${record.length} bytes instead of ${size}`);
}
