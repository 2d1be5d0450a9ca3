import type { ExecImage, ProcessExec, ProcessExit, ProcessFork } from '../wire/index.ts';

const COMMON = { time: 1, source: 'ebpf' } as const;

/** A process that begins; its start is its pid unless told. */
export function forkEvent(pid: number, ppid: number, more: Partial<ProcessFork> = {}): ProcessFork {
  return { ...COMMON, kind: 'process_fork', pid, ppid, start: pid, uid: 1000, member: null, ...more };
}

/** A process that takes a new image, told by a source that knows nothing of images. */
export function execEvent(
  pid: number,
  ppid: number,
  argv: readonly string[],
  more: Partial<ProcessExec> = {},
): ProcessExec {
  return {
    ...COMMON,
    kind: 'process_exec',
    uid: 1000,
    gid: 1000,
    pid,
    ppid,
    start: pid,
    exe: argv[0] ?? '',
    script: null,
    argv,
    cwd: '/',
    truncated: false,
    image: null,
    ...more,
  };
}

export function exitEvent(pid: number, more: Partial<ProcessExit> = {}): ProcessExit {
  return { ...COMMON, kind: 'process_exit', pid, start: pid, exit_code: 0, uid: 1000, ...more };
}

/** What the kernel tells of an image that is remarkable in nothing. */
export function plainImage(more: Partial<ExecImage> = {}): ExecImage {
  return {
    member: null,
    device: '254:0',
    inode: 1,
    links: 1,
    size: 100,
    cgroup: 1,
    pid_namespace: 4_026_531_836,
    stdin: 'other',
    stdout: 'other',
    capabilities: '0000000000000000',
    in_user_namespace: false,
    privileged: false,
    loader_variables: [],
    killed: null,
    ...more,
  };
}
