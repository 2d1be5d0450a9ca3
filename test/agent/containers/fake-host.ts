import { mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import type { TempDirectory } from '../../temp-directory.ts';

export const HOST_NAMESPACE = 4_026_531_836;

/** A process of a host that is made of files. */
export interface FakeProcess {
  /** In the unified hierarchy. */
  readonly cgroup: string;
  readonly pidNamespace?: number;
  readonly isInit?: boolean;
  readonly uid?: number;
  readonly environ?: Readonly<Record<string, string>>;
}

/** /proc and the control groups of a host, as files of a directory. */
export class FakeHost {
  readonly #directory: TempDirectory;

  constructor(directory: TempDirectory) {
    this.#directory = directory;
    directory.write(
      'proc/self/mounts',
      `tmpfs /x tmpfs rw 0 0\ncgroup2 ${directory.at('cgroup')} cgroup2 rw 0 0\n`,
    );
    this.#namespace('self', HOST_NAMESPACE);
    mkdirSync(directory.at('cgroup'));
  }

  get procRoot(): string {
    return this.#directory.at('proc');
  }

  #namespace(pid: string, inode: number): void {
    mkdirSync(this.#directory.at('proc', pid, 'ns'), { recursive: true });
    symlinkSync(`pid:[${inode}]`, this.#directory.at('proc', pid, 'ns', 'pid'));
  }

  add(
    pid: number,
    { cgroup, pidNamespace = HOST_NAMESPACE, isInit = false, uid = 0, environ = {} }: FakeProcess,
  ): void {
    const place = `proc/${pid}`;
    this.#directory.write(`${place}/cgroup`, `1:cpu:/x\n0::${cgroup}\n`);
    this.#directory.write(
      `${place}/status`,
      `Uid:\t${uid}\t${uid}\t${uid}\t${uid}\nGid:\t0\t0\t0\t0\nNSpid:\t${pid}${isInit ? '\t1' : ''}\n`,
    );
    this.#directory.write(
      `${place}/environ`,
      Object.entries(environ)
        .map(([name, value]) => `${name}=${value}\0`)
        .join(''),
    );
    this.#namespace(String(pid), pidNamespace);
    mkdirSync(this.#directory.at('cgroup', cgroup), { recursive: true });
  }

  remove(pid: number): void {
    rmSync(this.#directory.at('proc', String(pid)), { recursive: true });
  }

  /** Who is in a control group. */
  fill(cgroup: string, ...pids: readonly number[]): void {
    this.#directory.write(`cgroup${cgroup}/cgroup.procs`, pids.map((pid) => `${pid}\n`).join(''));
  }

  inodeOf(cgroup: string): number {
    return statSync(this.#directory.at('cgroup', cgroup)).ino;
  }
}
