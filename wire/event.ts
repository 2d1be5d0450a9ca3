/**
 * Facts from collectors. A process is identified by (boot, pid, start): `start` is in clock ticks since
 * boot as in /proc/PID/stat field 22 (proc_pid_stat(5)), so sensor, sweep and sampler agree on it.
 */
export const PROCESS_SOURCES = ['ebpf', 'sampler', 'sweep', 'eslogger'] as const;
export type ProcessSource = (typeof PROCESS_SOURCES)[number];

/** What a process is to the server whose subtree it is in. */
export const MEMBER_ROLES = ['launcher', 'server', 'inside'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** Membership of a server's subtree as the kernel keeps it. */
export interface KernelMember {
  /** Stands for the server: 16 hexadecimal digits that whoever marked the process chose. */
  readonly tag: string;
  /** Process that the client started for this server. */
  readonly root: number;
  readonly role: MemberRole;
  /** The role is the parent's: the process has not taken an image of its own since it was forked. */
  readonly forked: boolean;
}

/** Why the kernel ended a process before the first instruction of its new image. */
export const KILL_REASONS = ['shell', 'unlisted', 'denied'] as const;
export type KillReason = (typeof KILL_REASONS)[number];

/** What a standard stream of a new image is. */
export type Stream = 'pipe' | 'socket' | 'other';

/** What only the kernel can tell of an image at the moment at which it is taken. */
export interface ExecImage {
  /** Null outside of every subtree. */
  readonly member: KernelMember | null;
  /** `major:minor` of the file system, as the kernel knows it. */
  readonly device: string;
  readonly inode: number;
  readonly links: number;
  /** Bytes. */
  readonly size: number;
  /** Id of the control group in the unified hierarchy: the inode of its directory. */
  readonly cgroup: number;
  /** Inode. */
  readonly pid_namespace: number;
  readonly stdin: Stream;
  readonly stdout: Stream;
  /** Effective capabilities as 16 hexadecimal digits, capabilities(7). */
  readonly capabilities: string;
  /** The capabilities count in a user namespace below the first one only. */
  readonly in_user_namespace: boolean;
  /** The image brings rights of its own: set-user-id, set-group-id, file capabilities. */
  readonly privileged: boolean;
  /** `NAME=value` of variables that make a loader or interpreter run something; of members only. */
  readonly loader_variables: readonly string[];
  readonly killed: KillReason | null;
}

export interface ProcessExec {
  readonly kind: 'process_exec';
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly ppid: number;
  readonly start: number;
  readonly uid: number;
  readonly gid: number;
  /** Absolute path of the image where the source could tell it, else as it was given to execve. */
  readonly exe: string;
  /** For a `#!` script: the path of the script; else null. */
  readonly script: string | null;
  readonly argv: readonly string[];
  readonly cwd: string | null;
  /** True where any field was cut at a limit. */
  readonly truncated: boolean;
  /** Null where the source is not the kernel. */
  readonly image: ExecImage | null;
}

export interface ProcessFork {
  readonly kind: 'process_fork';
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly ppid: number;
  readonly start: number;
  readonly uid: number;
  /** Null outside of every subtree, and where the source cannot tell. */
  readonly member: KernelMember | null;
}

export interface ProcessExit {
  readonly kind: 'process_exit';
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly start: number;
  readonly exit_code: number | null;
  /** Effective; null where the source cannot tell. */
  readonly uid: number | null;
}

/** A living process is marked as a member in the kernel: told when it is marked, and of all when a sensor starts. */
export interface ProcessMember {
  readonly kind: 'process_member';
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly start: number;
  readonly member: KernelMember;
}

/** Credentials of a member changed without an exec: set*id(2), capset(2), a new user namespace. */
export interface ProcessCredentials {
  readonly kind: 'process_credentials';
  /** When it was noticed: within a second, or at the exit. */
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly start: number;
  /** Effective ids and capabilities. */
  readonly uid: number;
  readonly uid_before: number;
  readonly capabilities: string;
  readonly capabilities_before: string;
  readonly in_user_namespace: boolean;
}

/** A process begins to control another one: ptrace(2). */
export interface ProcessTrace {
  readonly kind: 'process_trace';
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly start: number;
  readonly uid: number;
  readonly tracee_pid: number;
  readonly tracee_start: number;
}

/**
 * A socket of a process begins to connect (remote address and port) or to listen (local ones). Of datagrams the
 * first to an address is a connection, and `bind` says which port they are awaited on.
 */
export interface ProcessSocket {
  readonly kind: 'process_socket';
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly start: number;
  readonly uid: number;
  readonly action: 'connect' | 'listen' | 'bind';
  readonly protocol: 'tcp' | 'udp';
  /** In its canonical form; an IPv4 address in IPv6 is given as IPv4. */
  readonly address: string;
  readonly port: number;
}

/** A process connects to a unix socket. */
export interface UnixSocket {
  readonly kind: 'unix_socket';
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly start: number;
  readonly uid: number;
  /** As it was given; an abstract name begins with `@`. */
  readonly path: string;
}

/** Says *that* something at a path may have changed; content decides whether it did. */
export interface PathChange {
  readonly kind: 'path_change';
  readonly time: number;
  readonly path: string;
  readonly change: 'create' | 'update' | 'delete';
}

/** What was done to a file's name or content; `rename_to` is the name that it got. */
export const FILE_CHANGES = ['modify', 'create', 'delete', 'rename_to', 'rename_from', 'attrib'] as const;
export type FileChange = (typeof FILE_CHANGES)[number];

/** Says *who* touched a path. The process may be gone by then. */
export interface FileWrite {
  readonly kind: 'file_write';
  readonly time: number;
  readonly source: 'fanotify';
  readonly pid: number;
  /** Null where the process was gone before it could be told. */
  readonly start: number | null;
  readonly path: string;
  readonly change: FileChange;
}

/** A process opens a path that is guarded. */
export interface FileOpen {
  readonly kind: 'file_open';
  readonly time: number;
  readonly source: 'fanotify';
  readonly pid: number;
  /** Null where the process was gone before it could be told. */
  readonly start: number | null;
  readonly path: string;
}

/** A member was kept from executing a file, which it was about to. */
export interface ExecRefused {
  readonly kind: 'exec_refused';
  readonly time: number;
  readonly source: 'fanotify';
  readonly pid: number;
  /** Null where the process was gone before it could be told. */
  readonly start: number | null;
  readonly path: string;
}

/** A member changed a file's content, mode, owner or links; the same file is told again after a second. */
export interface InodeChange {
  readonly kind: 'inode_change';
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly start: number;
  readonly uid: number;
  /** `major:minor` of the file system, as the kernel knows it. */
  readonly device: string;
  readonly inode: number;
  /** From the root of the file system; one of the file's names, null where none could be read. */
  readonly path: string | null;
  readonly directory: boolean;
  /** No name leads to it any more. */
  readonly removed: boolean;
}

/** What only the sensor may change in the kernel was changed by somebody else, or taken away. */
export interface Tamper {
  readonly kind: 'tamper';
  readonly time: number;
  readonly part: 'policies' | 'programs' | 'marks';
}

export const LOSS_STAGES = [
  'kernel-ring',
  'file-actor',
  'sensor-pipe',
  'sampler',
  'watcher',
  'queue',
  'spool',
  'uplink',
  'correlation',
  'guard',
  'resources',
] as const;
export type LossStage = (typeof LOSS_STAGES)[number];

/** What a stage could not carry since it last said so. */
export interface Loss {
  readonly kind: 'loss';
  readonly time: number;
  readonly stage: LossStage;
  readonly count: number;
  /** How many of these were of subtrees, where the stage can tell. */
  readonly in_subtrees?: number;
  readonly detail: string;
}

export const COLLECTOR_NAMES = [
  'process/ebpf',
  'process/sampler',
  'process/eslogger',
  'file/watcher',
  'file/actor',
  'resources',
  'integrity',
] as const;
export type CollectorName = (typeof COLLECTOR_NAMES)[number];

/** Why a collector is not well. `sealwatch doctor` has a cause and a fix for each. */
export const HEALTH_CODES = [
  'sensor-off',
  'sensor-missing',
  'sensor-refused',
  'sensor-other-build',
  'sensor-silent',
  'member-not-ended',
  'source-unsupported',
  'eslogger-not-privileged',
  'eslogger-not-permitted',
  'eslogger-ended',
  'eslogger-doubtful',
  'processes-unlistable',
  'writers-unknown',
  'watch-refused',
  'watch-limit',
  'memory-short',
  'heap-short',
  'cpu-short',
  'package-unsigned',
  'package-changed',
] as const;
export type HealthCode = (typeof HEALTH_CODES)[number];

/** How a collector is: never other than well without a code. */
export type Standing =
  | { readonly state: 'ok'; readonly code: null }
  | { readonly state: 'degraded' | 'failed'; readonly code: HealthCode };

/** State of a collector; `detail` is one line for people. */
export type Health = Standing & {
  readonly kind: 'health';
  readonly time: number;
  readonly collector: CollectorName;
  readonly detail: string;
};

export type ProcessEvent = ProcessExec | ProcessFork | ProcessExit;
/** What processes do, beside beginning and ending. */
export type ProcessDeed = ProcessSocket | UnixSocket | ProcessTrace | ProcessCredentials | InodeChange;
export type CollectorEvent =
  | ProcessEvent
  | ProcessDeed
  | ProcessMember
  | FileWrite
  | FileOpen
  | ExecRefused
  | PathChange
  | Tamper
  | Loss
  | Health;
