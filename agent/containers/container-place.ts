import { closeSync, openSync, readlinkSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Bytes that are read of a file under /proc or of a control group. */
const MAX_BYTES = 256 * 1024;
const ID = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;
/** podman keeps its monitor in a control group of its own, which has the container's id in its name. */
const MONITOR = /conmon/;

/** Where a process is, as far as it tells containers apart. */
export interface ContainerPlace {
  /** Path of its control group in the unified hierarchy; null where it has none of its own there. */
  readonly cgroupPath: string | null;
  /** Inode of that control group's directory; 0 for the root and where there is none. */
  readonly cgroup: number;
  /** Inode; 0 where it is the host's. */
  readonly pidNamespace: number;
  /** It is the first process of its pid namespace. */
  readonly isInit: boolean;
  /** The id, 64 hexadecimal digits, in the name of one of its control groups; null where none has one. */
  readonly id: string | null;
}

/** Control groups and pid namespaces of processes, from /proc. Answers are null where a process is gone. */
export class ContainerPlaces {
  readonly #procRoot: string;
  readonly #mount: string | null;
  readonly #hostNamespace: number;

  constructor(procRoot = '/proc') {
    this.#procRoot = procRoot;
    this.#mount = unifiedMount(read(`${procRoot}/self/mounts`) ?? '');
    this.#hostNamespace = namespaceOf(`${procRoot}/self/ns/pid`);
  }

  /** Inode of the pid namespace that is the host's to this agent. */
  get hostNamespace(): number {
    return this.#hostNamespace;
  }

  of(pid: number): ContainerPlace | null {
    const groups = read(`${this.#procRoot}/${pid}/cgroup`);
    const status = read(`${this.#procRoot}/${pid}/status`);
    const namespace = namespaceOf(`${this.#procRoot}/${pid}/ns/pid`);
    if (groups === null || status === null || namespace === 0) return null;
    const cgroupPath = unifiedPath(groups);
    return {
      cgroupPath,
      cgroup: cgroupPath === null ? 0 : this.#inodeOf(cgroupPath),
      pidNamespace: namespace === this.#hostNamespace ? 0 : namespace,
      isInit: namespace !== this.#hostNamespace && /^NSpid:.*\t1$/m.test(status),
      id: idOf(groups),
    };
  }

  /** Pids directly in a control group, in its own words; empty where it is gone. */
  pidsIn(cgroupPath: string): readonly number[] {
    if (this.#mount === null) return [];
    const text = read(join(this.#mount, cgroupPath, 'cgroup.procs')) ?? '';
    return text.split('\n').filter(Boolean).map(Number);
  }

  #inodeOf(cgroupPath: string): number {
    if (this.#mount === null) return 0;
    try {
      return statSync(join(this.#mount, cgroupPath)).ino;
    } catch {
      return 0;
    }
  }
}

/** Where the unified hierarchy (cgroup2) is mounted, from the text of /proc/PID/mounts; null where nowhere. */
export function unifiedMount(mounts: string): string | null {
  const fields = mounts.split('\n').map((line) => line.split(' '));
  return fields.find(([, , type]) => type === 'cgroup2')?.[1] ?? null;
}

/** The `0::` line of /proc/PID/cgroup, cgroups(7); null for the root and for what lies outside of what is mounted. */
export function unifiedPath(groups: string): string | null {
  const path = /^0::(\/.*)$/m.exec(groups)?.[1] ?? '/';
  return path === '/' || path.split('/').includes('..') ? null : path;
}

/** The container's id in the last name of a control group that has one. */
export function idOf(groups: string): string | null {
  const names = groups.split('\n').flatMap((line) => {
    const path = line.split(':').slice(2).join(':');
    return path
      .split('/')
      .filter((part) => !MONITOR.test(part))
      .reverse();
  });
  return names.map((name) => ID.exec(name)?.[0]).find((id) => id !== undefined) ?? null;
}

/** What a container without a long id is called: runc takes any name, and makes the control group of it. */
export function nameOf({ id, cgroupPath, pidNamespace }: ContainerPlace): string {
  return id ?? (cgroupPath === null ? `pid:[${pidNamespace}]` : basename(cgroupPath));
}

function namespaceOf(link: string): number {
  try {
    return Number(/\[(\d+)\]$/.exec(readlinkSync(link))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function read(path: string): string | null {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(MAX_BYTES);
      let length = 0;
      for (let got = -1; got !== 0 && length < MAX_BYTES; length += got)
        got = readSync(descriptor, bytes, length, MAX_BYTES - length, null);
      return bytes.toString('utf8', 0, length);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
}
