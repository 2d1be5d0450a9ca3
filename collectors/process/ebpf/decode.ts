import { SocketAddress } from 'node:net';
import { posix } from 'node:path';
import type {
  FileWrite,
  Loss,
  ProcessEvent,
  ProcessExec,
  ProcessExit,
  ProcessFork,
  ProcessSocket,
} from '../../../wire/index.ts';
import { CollectorError } from '../../errors.ts';
import { fileWriteOf } from './file-actor.ts';
import {
  LAYOUT,
  MAX_RECORD_BYTES,
  SENSOR_EXEC_FLAG,
  SENSOR_SOCKET_KIND,
  SENSOR_TYPE,
  SENSOR_VERSION,
} from './layout.ts';

/** What the sensor says: events, or an answer to its parent. */
export type SensorMessage =
  | ProcessEvent
  | FileWrite
  | ProcessSocket
  | Loss
  | { readonly kind: 'ready'; readonly ringBytes: number; readonly maxArgvBytes: number }
  | { readonly kind: 'pong'; readonly token: number }
  /** `error` is the errno that stands in the way of the file actor; 0 where it is on. */
  | { readonly kind: 'file_actor'; readonly error: number }
  | { readonly kind: 'unmarked'; readonly path: string; readonly error: number }
  /** Something that this decoder has no word for. */
  | { readonly kind: 'nothing' };

/** include/linux/socket.h */
const AF_INET6 = 10;
const NS_PER_TICK = 10_000_000n;
const NS_PER_MS = 1_000_000n;
const HEADER_BYTES = LAYOUT.sensor_header.size;
const { fields: EXEC } = LAYOUT.sensor_exec;
const { fields: FORK } = LAYOUT.sensor_fork;
const { fields: EXIT } = LAYOUT.sensor_exit;
const { fields: READY } = LAYOUT.sensor_ready;
const ANY_CUT =
  SENSOR_EXEC_FLAG.SENSOR_FILENAME_CUT |
  SENSOR_EXEC_FLAG.SENSOR_EXE_CUT |
  SENSOR_EXEC_FLAG.SENSOR_CWD_CUT |
  SENSOR_EXEC_FLAG.SENSOR_ARGV_CUT;

function protocolError(message: string): CollectorError {
  return new CollectorError('COLLECTOR_SENSOR_PROTOCOL', `the sensor sent ${message}`, {
    hint: 'the sensor and the agent are of different builds: run the set-up again',
  });
}

/**
 * Clock ticks since boot as /proc/PID/stat field 22 shows them: nsec_to_clock_t() in kernel/time/time.c
 * with USER_HZ 100, which is what every architecture that Node runs on has.
 */
export function ticksOf(startNs: bigint): number {
  return Number(startNs / NS_PER_TICK);
}

/** Status of wait(2) as one number: the exit code, or 128 + signal as shells report it. */
export function exitCodeOf(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}

function splitByNul(bytes: Buffer): string[] {
  if (bytes.length === 0) return [];
  const text = bytes.toString('utf8');
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

/** A path from components that run from the leaf to the root. */
function pathOf(components: Buffer): string {
  return `/${splitByNul(components).reverse().join('/')}`;
}

/** The name given to execve, made absolute where the working directory is known; symlinks stay. */
function givenPath(filename: string, cwd: string | null): string {
  return cwd === null ? filename : posix.resolve(cwd, filename);
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
    if (!this.#ready && type !== SENSOR_TYPE.SENSOR_READY)
      throw protocolError(`a record of type ${type} before it was ready`);
    switch (type) {
      case SENSOR_TYPE.SENSOR_READY:
        return this.#decodeReady(record);
      case SENSOR_TYPE.SENSOR_EXEC:
        return this.#decodeExec(record);
      case SENSOR_TYPE.SENSOR_FORK:
        return this.#decodeFork(record);
      case SENSOR_TYPE.SENSOR_EXIT:
        return this.#decodeExit(record);
      case SENSOR_TYPE.SENSOR_LOSS:
        return this.#decodeLoss(record);
      case SENSOR_TYPE.SENSOR_PONG:
        expectSize(record, LAYOUT.sensor_pong.size);
        return { kind: 'pong', token: record.readUInt32LE(LAYOUT.sensor_pong.fields.token) };
      case SENSOR_TYPE.SENSOR_SOCKET:
        return this.#decodeSocket(record);
      case SENSOR_TYPE.SENSOR_FILE_WRITE:
        return this.#decodeFileWrite(record);
      case SENSOR_TYPE.SENSOR_FILE_LOSS:
        return this.#decodeFileLoss(record);
      case SENSOR_TYPE.SENSOR_FILE_ACTOR:
        expectSize(record, LAYOUT.sensor_file_actor.size);
        return { kind: 'file_actor', error: record.readUInt32LE(LAYOUT.sensor_file_actor.fields.error) };
      case SENSOR_TYPE.SENSOR_UNMARKED:
        return decodeUnmarked(record);
      default:
        throw protocolError(`a record of unknown type ${type}`);
    }
  }

  #epochMs(record: Buffer): number {
    const time = record.readBigUInt64LE(LAYOUT.sensor_exec.fields.time_ns);
    return Number((time + this.#epochOffsetNs) / NS_PER_MS);
  }

  #decodeReady(record: Buffer): SensorMessage {
    expectSize(record, LAYOUT.sensor_ready.size);
    this.#ready = true;
    this.#epochOffsetNs = record.readBigUInt64LE(READY.epoch_offset_ns);
    return {
      kind: 'ready',
      ringBytes: record.readUInt32LE(READY.ring_bytes),
      maxArgvBytes: record.readUInt32LE(READY.max_argv_bytes),
    };
  }

  #decodeExec(record: Buffer): ProcessExec {
    const { filename, exe, cwd, argv } = tailOf(record);
    const flags = record.readUInt32LE(EXEC.flags);
    const has = (flag: number): boolean => (flags & flag) !== 0;
    const cwdPath = has(SENSOR_EXEC_FLAG.SENSOR_CWD_CUT) ? null : pathOf(cwd);
    const given = givenPath(filename.toString('utf8'), cwdPath);
    const image = has(SENSOR_EXEC_FLAG.SENSOR_EXE_CUT) ? given : pathOf(exe);
    return {
      kind: 'process_exec',
      time: this.#epochMs(record),
      source: 'ebpf',
      pid: record.readUInt32LE(EXEC.pid),
      ppid: record.readUInt32LE(EXEC.ppid),
      start: ticksOf(record.readBigUInt64LE(EXEC.start_ns)),
      uid: record.readUInt32LE(EXEC.uid),
      gid: record.readUInt32LE(EXEC.gid),
      exe: has(SENSOR_EXEC_FLAG.SENSOR_EXE_DELETED) ? `${image} (deleted)` : image,
      script: has(SENSOR_EXEC_FLAG.SENSOR_SCRIPT) ? given : null,
      argv: splitByNul(argv),
      cwd: cwdPath,
      truncated: has(ANY_CUT),
    };
  }

  #decodeFork(record: Buffer): ProcessFork {
    expectSize(record, LAYOUT.sensor_fork.size);
    return {
      kind: 'process_fork',
      time: this.#epochMs(record),
      source: 'ebpf',
      pid: record.readUInt32LE(FORK.pid),
      ppid: record.readUInt32LE(FORK.ppid),
      start: ticksOf(record.readBigUInt64LE(FORK.start_ns)),
      uid: record.readUInt32LE(FORK.uid),
    };
  }

  #decodeExit(record: Buffer): ProcessExit {
    expectSize(record, LAYOUT.sensor_exit.size);
    return {
      kind: 'process_exit',
      time: this.#epochMs(record),
      source: 'ebpf',
      pid: record.readUInt32LE(EXIT.pid),
      start: ticksOf(record.readBigUInt64LE(EXIT.start_ns)),
      exit_code: exitCodeOf(record.readUInt32LE(EXIT.status)),
    };
  }

  #decodeSocket(record: Buffer): ProcessSocket {
    const { size, fields } = LAYOUT.sensor_socket;
    expectSize(record, size);
    const isConnect = record.readUInt16LE(fields.kind) === SENSOR_SOCKET_KIND.SENSOR_CONNECT;
    return {
      kind: 'process_socket',
      time: this.#epochMs(record),
      source: 'ebpf',
      pid: record.readUInt32LE(fields.pid),
      start: ticksOf(record.readBigUInt64LE(fields.start_ns)),
      uid: record.readUInt32LE(fields.uid),
      action: isConnect ? 'connect' : 'listen',
      address: addressOf(record.subarray(fields.address, size), record.readUInt16LE(fields.family)),
      port: record.readUInt16LE(fields.port),
    };
  }

  #decodeFileWrite(record: Buffer): SensorMessage {
    const { size, fields } = LAYOUT.sensor_file_write;
    if (record.length < size) throw protocolError(`a file record of ${record.length} bytes`);
    const tail = record.readUInt32LE(fields.directory_bytes) + record.readUInt32LE(fields.name_bytes);
    expectSize(record, size + tail);
    return fileWriteOf(record, this.#epochMs(record)) ?? { kind: 'nothing' };
  }

  #decodeFileLoss(record: Buffer): Loss {
    expectSize(record, LAYOUT.sensor_file_loss.size);
    const detail = 'the queue of fanotify was full: who wrote meanwhile is not known';
    return { kind: 'loss', time: this.#epochMs(record), stage: 'file-actor', count: 1, detail };
  }

  #decodeLoss(record: Buffer): Loss {
    expectSize(record, LAYOUT.sensor_loss.size);
    const count = Number(record.readBigUInt64LE(LAYOUT.sensor_loss.fields.lost));
    const detail = 'process events did not fit the ring buffer of the kernel sensor';
    return { kind: 'loss', time: this.#epochMs(record), stage: 'kernel-ring', count, detail };
  }
}

/** The canonical text of an address (RFC 5952); of an IPv4 address in IPv6 (RFC 4291, 2.5.5.2) the IPv4 one. */
function addressOf(bytes: Buffer, family: number): string {
  if (family !== AF_INET6) return bytes.subarray(0, 4).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  const { address } = new SocketAddress({ address: groups.join(':'), family: 'ipv6' });
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}

function decodeUnmarked(record: Buffer): SensorMessage {
  const { size, fields } = LAYOUT.sensor_unmarked;
  if (record.length < size) throw protocolError(`an unmarked record of ${record.length} bytes`);
  expectSize(record, size + record.readUInt32LE(fields.path_bytes));
  return { kind: 'unmarked', path: record.toString('utf8', size), error: record.readUInt32LE(fields.error) };
}

function expectSize(record: Buffer, size: number): void {
  if (record.length !== size) throw protocolError(`a record of ${record.length} bytes instead of ${size}`);
}

interface ExecTail {
  readonly filename: Buffer;
  readonly exe: Buffer;
  readonly cwd: Buffer;
  readonly argv: Buffer;
}

function tailOf(record: Buffer): ExecTail {
  const fixed = LAYOUT.sensor_exec.size;
  if (record.length < fixed) throw protocolError(`an exec record of ${record.length} bytes`);
  const exeAt = fixed + record.readUInt32LE(EXEC.filename_bytes);
  const cwdAt = exeAt + record.readUInt32LE(EXEC.exe_bytes);
  const argvAt = cwdAt + record.readUInt32LE(EXEC.cwd_bytes);
  const end = argvAt + record.readUInt32LE(EXEC.argv_bytes);
  if (end !== record.length) throw protocolError('an exec record whose lengths do not add up');
  return {
    filename: record.subarray(fixed, exeAt),
    exe: record.subarray(exeAt, cwdAt),
    cwd: record.subarray(cwdAt, argvAt),
    argv: record.subarray(argvAt, end),
  };
}
