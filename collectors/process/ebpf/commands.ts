import type { MemberRole } from '../../../wire/index.ts';
import {
  LAYOUT,
  MAX_COMMAND_BYTES,
  SENSOR_MODE,
  SENSOR_ROLE,
  SENSOR_TYPE,
  SENSOR_VERSION,
} from './layout.ts';

const MAX_PATH_BYTES = 4_095;

/** A living process that is to be a member, with all that came out of it. */
export interface TrackedProcess {
  readonly pid: number;
  /** In clock ticks since boot: a pid that has another owner by then is left alone. */
  readonly start: number;
  /** Stands for the server: 16 hexadecimal digits, not all zero. */
  readonly tag: string;
  readonly root: number;
  readonly role: MemberRole;
}

/** A container whose processes are a server's: those in its cgroup, and those in its pid namespace. */
export interface TrackedContainer {
  /** Inode of its directory in the unified hierarchy; 0 where the container has none of its own. */
  readonly cgroup: number;
  /** Inode; 0 where the container shares the host's. */
  readonly pidNamespace: number;
  /** As of TrackedProcess; null forgets the container, and leaves its processes what they are. */
  readonly member: Pick<TrackedProcess, 'tag' | 'root' | 'role'> | null;
}

/** What members of a server may execute; who executes anything else is ended before its first instruction. */
export interface ExecPolicy {
  readonly tag: string;
  /** False ends every image that is one of the host's shells. */
  readonly shells: boolean;
  /** Absolute paths; an image elsewhere is ended. Null lists nothing: all may run. */
  readonly programs: readonly string[] | null;
  /** True ends whatever a member executes. */
  readonly nothing: boolean;
}

/** One of the host's shells: a file with this inode and size is it, whatever its name. */
export interface ShellFile {
  readonly path: string;
  readonly inode: number;
  /** Bytes. */
  readonly size: number;
}

const ROLES: Readonly<Record<MemberRole, number>> = {
  launcher: SENSOR_ROLE.SENSOR_LAUNCHER,
  server: SENSOR_ROLE.SENSOR_SERVER,
  inside: SENSOR_ROLE.SENSOR_INSIDE,
};

function command(type: number, length: number): Buffer {
  const { fields } = LAYOUT.sensor_header;
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(length, fields.length);
  bytes.writeUInt16LE(SENSOR_VERSION, fields.version);
  bytes.writeUInt16LE(type, fields.type);
  return bytes;
}

export function pingCommand(token: number): Buffer {
  const { size, fields } = LAYOUT.sensor_ping;
  const ping = command(SENSOR_TYPE.SENSOR_PING, size);
  ping.writeUInt32LE(token, fields.token);
  return ping;
}

/** What a sensor that is a service is to do, in the words of its command line. */
export function optionsCommand(words: readonly string[]): Buffer {
  const { size } = LAYOUT.sensor_options;
  const text = Buffer.from(words.map((word) => `${word}\0`).join(''));
  const bytes = command(SENSOR_TYPE.SENSOR_OPTIONS, size + text.length);
  text.copy(bytes, size);
  return bytes;
}

/**
 * Paths of which the sensor tells who writes below (`mark`) or who opens them (`guard`), and shells that it is asked
 * about before anybody executes them (`permit`).
 */
const PATH_COMMANDS = {
  mark: SENSOR_TYPE.SENSOR_MARK,
  unmark: SENSOR_TYPE.SENSOR_UNMARK,
  guard: SENSOR_TYPE.SENSOR_GUARD,
  unguard: SENSOR_TYPE.SENSOR_UNGUARD,
  permit: SENSOR_TYPE.SENSOR_PERMIT,
} as const;

/** What came out of this process need not be told any more, unless it is a member. */
export function releaseCommand(pid: number): Buffer {
  const { size, fields } = LAYOUT.sensor_release;
  const bytes = command(SENSOR_TYPE.SENSOR_RELEASE, size);
  bytes.writeUInt32LE(pid, fields.pid);
  return bytes;
}

/** A member is ended; `start` in clock ticks since boot. */
export function endCommand(pid: number, start: number): Buffer {
  const { size, fields } = LAYOUT.sensor_end;
  const bytes = command(SENSOR_TYPE.SENSOR_END, size);
  bytes.writeBigUInt64LE(BigInt(start), fields.start_ticks);
  bytes.writeUInt32LE(pid, fields.pid);
  return bytes;
}

/** A command about a path; null where it is none that the kernel takes. */
export function pathCommand(type: keyof typeof PATH_COMMANDS, path: string): Buffer | null {
  const text = Buffer.from(path);
  if (text.length === 0 || text.length > MAX_PATH_BYTES) return null;
  const { size } = LAYOUT.sensor_header;
  const bytes = command(PATH_COMMANDS[type], size + text.length);
  text.copy(bytes, size);
  return bytes;
}

function writeMember(
  into: Buffer,
  at: number,
  { tag, root, role }: Pick<TrackedProcess, 'tag' | 'root' | 'role'>,
): void {
  const { fields } = LAYOUT.sensor_member;
  into.writeBigUInt64LE(BigInt(`0x${tag}`), at + fields.server);
  into.writeUInt32LE(root, at + fields.root);
  into.writeUInt16LE(ROLES[role], at + fields.role);
}

export function trackCommand(process: TrackedProcess): Buffer {
  const { size, fields } = LAYOUT.sensor_track;
  const bytes = command(SENSOR_TYPE.SENSOR_TRACK, size);
  bytes.writeBigUInt64LE(BigInt(process.start), fields.start_ticks);
  bytes.writeUInt32LE(process.pid, fields.pid);
  writeMember(bytes, fields.member, process);
  return bytes;
}

export function containerCommand({ cgroup, pidNamespace, member }: TrackedContainer): Buffer {
  const { size, fields } = LAYOUT.sensor_container;
  const bytes = command(SENSOR_TYPE.SENSOR_CONTAINER, size);
  bytes.writeBigUInt64LE(BigInt(cgroup), fields.cgroup);
  bytes.writeUInt32LE(pidNamespace, fields.pid_namespace);
  if (member !== null) writeMember(bytes, fields.member, member);
  return bytes;
}

/** Of a list that one command cannot hold none is made: what is approved is never ended. */
export function policyCommand({ tag, shells, programs, nothing }: ExecPolicy): Buffer {
  const { size, fields } = LAYOUT.sensor_policy;
  const listed = Buffer.from((programs ?? []).map((path) => `${path}\0`).join(''));
  const fits = programs !== null && size + listed.length <= MAX_COMMAND_BYTES;
  const bytes = command(SENSOR_TYPE.SENSOR_POLICY, size + (fits ? listed.length : 0));
  const mode =
    (shells ? 0 : SENSOR_MODE.SENSOR_NO_SHELLS) |
    (fits ? SENSOR_MODE.SENSOR_ONLY_LISTED : 0) |
    (nothing ? SENSOR_MODE.SENSOR_NOTHING : 0);
  bytes.writeBigUInt64LE(BigInt(`0x${tag}`), fields.server);
  bytes.writeUInt32LE(mode, fields.mode);
  if (fits) listed.copy(bytes, size);
  return bytes;
}

/** How a server is started: the command's name, and the last of its arguments; null where it can be any. */
export interface LaunchWords {
  readonly command: string;
  readonly last: string | null;
}

/** Of more launches than one command can hold every program could be one. */
export function launchesCommand(launches: readonly LaunchWords[]): Buffer {
  const { size } = LAYOUT.sensor_header;
  const usable = launches.filter(({ command: name, last }) => !`${name}${last ?? ''}`.includes('\0'));
  const pairs = new Set(usable.map(({ command: name, last }) => `${name}\0${last ?? ''}\0`));
  const all = Buffer.from([...pairs].join(''));
  const text = size + all.length <= MAX_COMMAND_BYTES ? all : Buffer.from('\0\0');
  const bytes = command(SENSOR_TYPE.SENSOR_LAUNCHES, size + text.length);
  text.copy(bytes, size);
  return bytes;
}

export function shellsCommand(shells: readonly ShellFile[]): Buffer {
  const { size, fields } = LAYOUT.sensor_shell;
  const bytes = command(SENSOR_TYPE.SENSOR_SHELLS, LAYOUT.sensor_header.size + shells.length * size);
  for (const [index, shell] of shells.entries()) {
    const at = LAYOUT.sensor_header.size + index * size;
    bytes.writeBigUInt64LE(BigInt(shell.inode), at + fields.inode);
    bytes.writeBigUInt64LE(BigInt(shell.size), at + fields.size);
  }
  return bytes;
}
