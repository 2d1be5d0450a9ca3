import { posix } from 'node:path';
import type {
  ExecImage,
  KernelMember,
  KillReason,
  MemberRole,
  ProcessExec,
  Stream,
} from '../../../wire/index.ts';
import {
  LAYOUT,
  SENSOR_EXEC_FLAG,
  SENSOR_KILL,
  SENSOR_MEMBER_FLAG,
  SENSOR_ROLE,
  SENSOR_STREAM,
} from './layout.ts';

const NS_PER_TICK = 10_000_000n;
const { fields: EXEC } = LAYOUT.sensor_exec;
const ANY_CUT =
  SENSOR_EXEC_FLAG.SENSOR_FILENAME_CUT |
  SENSOR_EXEC_FLAG.SENSOR_EXE_CUT |
  SENSOR_EXEC_FLAG.SENSOR_CWD_CUT |
  SENSOR_EXEC_FLAG.SENSOR_ARGV_CUT |
  SENSOR_EXEC_FLAG.SENSOR_ENVIRON_CUT;

const ROLES: ReadonlyMap<number, MemberRole> = new Map([
  [SENSOR_ROLE.SENSOR_LAUNCHER, 'launcher'],
  [SENSOR_ROLE.SENSOR_SERVER, 'server'],
  [SENSOR_ROLE.SENSOR_INSIDE, 'inside'],
]);
const KILLS: ReadonlyMap<number, KillReason> = new Map([
  [SENSOR_KILL.SENSOR_KILLED_SHELL, 'shell'],
  [SENSOR_KILL.SENSOR_KILLED_UNLISTED, 'unlisted'],
  [SENSOR_KILL.SENSOR_KILLED_DENIED, 'denied'],
]);
const STREAMS: ReadonlyMap<number, Stream> = new Map([
  [SENSOR_STREAM.SENSOR_PIPE, 'pipe'],
  [SENSOR_STREAM.SENSOR_SOCKET_STREAM, 'socket'],
]);

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
export function pathOf(components: Buffer): string {
  return `/${splitByNul(components).reverse().join('/')}`;
}

/** The name given to execve, made absolute where the working directory is known; symlinks stay. */
function givenPath(filename: string, cwd: string | null): string {
  return cwd === null ? filename : posix.resolve(cwd, filename);
}

/** The struct sensor_member at an offset of a record; null where the process is no member. */
export function memberAt(record: Buffer, at: number): KernelMember | null {
  const { fields } = LAYOUT.sensor_member;
  const server = record.readBigUInt64LE(at + fields.server);
  const role = ROLES.get(record.readUInt16LE(at + fields.role));
  if (server === 0n || role === undefined) return null;
  return {
    tag: hexadecimal(server),
    root: record.readUInt32LE(at + fields.root),
    role,
    forked: (record.readUInt16LE(at + fields.flags) & SENSOR_MEMBER_FLAG.SENSOR_FORKED) !== 0,
  };
}

export function hexadecimal(word: bigint): string {
  return word.toString(16).padStart(16, '0');
}

/** A record of type SENSOR_EXEC at a time in milliseconds since the epoch; null where its lengths do not add up. */
export function execOf(record: Buffer, time: number): ProcessExec | null {
  const tail = tailOf(record);
  if (tail === null) return null;
  const flags = record.readUInt32LE(EXEC.flags);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const cwd = has(SENSOR_EXEC_FLAG.SENSOR_CWD_CUT) ? null : pathOf(tail.cwd);
  const given = givenPath(tail.filename.toString('utf8'), cwd);
  const exe = has(SENSOR_EXEC_FLAG.SENSOR_EXE_CUT) ? given : pathOf(tail.exe);
  return {
    kind: 'process_exec',
    time,
    // What is told from memory may be over: it stands for a process as a look at the host would.
    source: has(SENSOR_EXEC_FLAG.SENSOR_RECALLED) ? 'sweep' : 'ebpf',
    pid: record.readUInt32LE(EXEC.pid),
    ppid: record.readUInt32LE(EXEC.ppid),
    start: ticksOf(record.readBigUInt64LE(EXEC.start_ns)),
    uid: record.readUInt32LE(EXEC.uid),
    gid: record.readUInt32LE(EXEC.gid),
    exe: has(SENSOR_EXEC_FLAG.SENSOR_EXE_DELETED) ? `${exe} (deleted)` : exe,
    script: has(SENSOR_EXEC_FLAG.SENSOR_SCRIPT) ? given : null,
    argv: splitByNul(tail.argv),
    cwd,
    truncated: has(ANY_CUT),
    image: imageOf(record, has, splitByNul(tail.environ)),
  };
}

function imageOf(
  record: Buffer,
  has: (flag: number) => boolean,
  loaderVariables: readonly string[],
): ExecImage {
  return {
    member: memberAt(record, EXEC.member),
    device: `${record.readUInt32LE(EXEC.device_major)}:${record.readUInt32LE(EXEC.device_minor)}`,
    inode: Number(record.readBigUInt64LE(EXEC.inode)),
    links: record.readUInt32LE(EXEC.links),
    size: Number(record.readBigUInt64LE(EXEC.size)),
    cgroup: Number(record.readBigUInt64LE(EXEC.cgroup)),
    pid_namespace: record.readUInt32LE(EXEC.pid_namespace),
    stdin: STREAMS.get(record.readUInt32LE(EXEC.stdio) & 0xff) ?? 'other',
    stdout: STREAMS.get(record.readUInt32LE(EXEC.stdio) >> 8) ?? 'other',
    capabilities: hexadecimal(record.readBigUInt64LE(EXEC.capabilities)),
    in_user_namespace: has(SENSOR_EXEC_FLAG.SENSOR_USER_NAMESPACE),
    privileged: has(SENSOR_EXEC_FLAG.SENSOR_PRIVILEGED),
    loader_variables: loaderVariables,
    killed: KILLS.get(record.readUInt32LE(EXEC.kill)) ?? null,
  };
}

interface ExecTail {
  readonly filename: Buffer;
  readonly exe: Buffer;
  readonly cwd: Buffer;
  readonly argv: Buffer;
  readonly environ: Buffer;
}

function tailOf(record: Buffer): ExecTail | null {
  const fixed = LAYOUT.sensor_exec.size;
  if (record.length < fixed) return null;
  const exeAt = fixed + record.readUInt32LE(EXEC.filename_bytes);
  const cwdAt = exeAt + record.readUInt32LE(EXEC.exe_bytes);
  const argvAt = cwdAt + record.readUInt32LE(EXEC.cwd_bytes);
  const environAt = argvAt + record.readUInt32LE(EXEC.argv_bytes);
  const end = environAt + record.readUInt32LE(EXEC.environ_bytes);
  if (end !== record.length) return null;
  return {
    filename: record.subarray(fixed, exeAt),
    exe: record.subarray(exeAt, cwdAt),
    cwd: record.subarray(cwdAt, argvAt),
    argv: record.subarray(argvAt, environAt),
    environ: record.subarray(environAt, end),
  };
}
