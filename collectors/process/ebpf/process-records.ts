import type {
  ProcessCredentials,
  ProcessExit,
  ProcessFork,
  ProcessMember,
  ProcessTrace,
} from '../../../wire/index.ts';
import { exitCodeOf, hexadecimal, memberAt, ticksOf } from './exec-record.ts';
import { LAYOUT, SENSOR_EXEC_FLAG } from './layout.ts';

const { fields: FORK } = LAYOUT.sensor_fork;
const { fields: EXIT } = LAYOUT.sensor_exit;
const { fields: MEMBER } = LAYOUT.sensor_member_told;
const { fields: TRACE } = LAYOUT.sensor_trace;
const { fields: CREDENTIALS } = LAYOUT.sensor_credentials;

/** A record of type SENSOR_FORK, of its size, as all here; times are milliseconds since the epoch. */
export function forkOf(record: Buffer, time: number): ProcessFork {
  return {
    kind: 'process_fork',
    time,
    source: 'ebpf',
    pid: record.readUInt32LE(FORK.pid),
    ppid: record.readUInt32LE(FORK.ppid),
    start: ticksOf(record.readBigUInt64LE(FORK.start_ns)),
    uid: record.readUInt32LE(FORK.uid),
    member: memberAt(record, FORK.member),
  };
}

export function exitOf(record: Buffer, time: number): ProcessExit {
  return {
    kind: 'process_exit',
    time,
    source: 'ebpf',
    pid: record.readUInt32LE(EXIT.pid),
    start: ticksOf(record.readBigUInt64LE(EXIT.start_ns)),
    exit_code: exitCodeOf(record.readUInt32LE(EXIT.status)),
    uid: record.readUInt32LE(EXIT.uid),
  };
}

/** Null where it names no server. */
export function memberOf(record: Buffer, time: number): ProcessMember | null {
  const member = memberAt(record, MEMBER.member);
  if (member === null) return null;
  return {
    kind: 'process_member',
    time,
    source: 'ebpf',
    pid: record.readUInt32LE(MEMBER.pid),
    start: ticksOf(record.readBigUInt64LE(MEMBER.start_ns)),
    member,
  };
}

export function traceOf(record: Buffer, time: number): ProcessTrace {
  return {
    kind: 'process_trace',
    time,
    source: 'ebpf',
    pid: record.readUInt32LE(TRACE.pid),
    start: ticksOf(record.readBigUInt64LE(TRACE.start_ns)),
    uid: record.readUInt32LE(TRACE.uid),
    tracee_pid: record.readUInt32LE(TRACE.tracee_pid),
    tracee_start: ticksOf(record.readBigUInt64LE(TRACE.tracee_start_ns)),
  };
}

export function credentialsOf(record: Buffer, time: number): ProcessCredentials {
  const flags = record.readUInt32LE(CREDENTIALS.flags);
  return {
    kind: 'process_credentials',
    time,
    source: 'ebpf',
    pid: record.readUInt32LE(CREDENTIALS.pid),
    start: ticksOf(record.readBigUInt64LE(CREDENTIALS.start_ns)),
    uid: record.readUInt32LE(CREDENTIALS.uid),
    uid_before: record.readUInt32LE(CREDENTIALS.uid_before),
    capabilities: hexadecimal(record.readBigUInt64LE(CREDENTIALS.capabilities)),
    capabilities_before: hexadecimal(record.readBigUInt64LE(CREDENTIALS.capabilities_before)),
    in_user_namespace: (flags & SENSOR_EXEC_FLAG.SENSOR_USER_NAMESPACE) !== 0,
  };
}
