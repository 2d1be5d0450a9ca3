/**
 * Facts from collectors. A process is identified by (boot, pid, start): `start` is in clock ticks since
 * boot as in /proc/PID/stat field 22 (proc_pid_stat(5)), so sensor, sweep and sampler agree on it.
 */
export const PROCESS_SOURCES = ['ebpf', 'sampler', 'sweep', 'eslogger'] as const;
export type ProcessSource = (typeof PROCESS_SOURCES)[number];

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
  /** True where any field above was cut at a limit. */
  readonly truncated: boolean;
}

export interface ProcessFork {
  readonly kind: 'process_fork';
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly ppid: number;
  readonly start: number;
  readonly uid: number;
}

export interface ProcessExit {
  readonly kind: 'process_exit';
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly start: number;
  readonly exit_code: number | null;
}

/** A TCP socket of a process begins to connect (remote address and port) or to listen (local ones). */
export interface ProcessSocket {
  readonly kind: 'process_socket';
  readonly time: number;
  readonly source: ProcessSource;
  readonly pid: number;
  readonly start: number;
  readonly uid: number;
  readonly action: 'connect' | 'listen';
  /** In its canonical form; an IPv4 address in IPv6 is given as IPv4. */
  readonly address: string;
  readonly port: number;
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

export const LOSS_STAGES = [
  'kernel-ring',
  'file-actor',
  'sensor-pipe',
  'sampler',
  'watcher',
  'queue',
  'spool',
  'uplink',
] as const;
export type LossStage = (typeof LOSS_STAGES)[number];

/** What a stage could not carry since it last said so. */
export interface Loss {
  readonly kind: 'loss';
  readonly time: number;
  readonly stage: LossStage;
  readonly count: number;
  readonly detail: string;
}

export const COLLECTOR_NAMES = ['process/ebpf', 'process/sampler', 'file/watcher', 'file/actor'] as const;
export type CollectorName = (typeof COLLECTOR_NAMES)[number];

/** State of a collector; `detail` is one line for people. */
export interface Health {
  readonly kind: 'health';
  readonly time: number;
  readonly collector: CollectorName;
  readonly state: 'ok' | 'degraded' | 'failed';
  readonly detail: string;
}

export type ProcessEvent = ProcessExec | ProcessFork | ProcessExit;
export type CollectorEvent = ProcessEvent | ProcessSocket | FileWrite | PathChange | Loss | Health;
