import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TempDirectory } from '../temp-directory.ts';

/** Milliseconds that one program may take. */
const RUN_MS = 300_000;
/** Mounts this machine's root, with a layer of its own for what is written, at the directory given as $1. */
const MOUNT = `set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t tmpfs tmpfs "$1/root/tmp"
mount -t tmpfs tmpfs "$1/root/run"
mount --bind /proc "$1/root/proc"
mount --bind /dev "$1/root/dev"
echo ready
read -r end`;

/**
 * A copy of this machine's file system that programs can be run in as root: what they write is seen in it alone, and
 * gone at its end. Its mounts live in a namespace of their own.
 */
export class OverlayRoot implements Disposable {
  readonly #holder: ChildProcess;
  readonly #directory: TempDirectory;

  private constructor(holder: ChildProcess, directory: TempDirectory) {
    this.#holder = holder;
    this.#directory = directory;
  }

  /** Null where this user or kernel cannot mount one. */
  static async mount(): Promise<OverlayRoot | null> {
    const directory = new TempDirectory();
    const holder = spawn('unshare', ['--mount', 'sh', '-c', MOUNT, 'sh', directory.path], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const gone = once(holder, 'exit').catch(() => null);
    const ready = await Promise.race([once(holder.stdout, 'data'), gone]);
    const root = new OverlayRoot(holder, directory);
    if (ready !== null && String(ready[0]).includes('ready')) return root;
    root[Symbol.dispose]();
    return null;
  }

  /** Where a file of it lies, seen from outside. */
  at(path: string): string {
    return join(`/proc/${this.#holder.pid}/root`, this.#directory.path, 'root', path);
  }

  mkdir(path: string): void {
    mkdirSync(this.at(path), { recursive: true });
  }

  /** Runs a program in it. */
  run(
    command: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): { readonly status: number | null; readonly text: string } {
    const inside = ['chroot', join(this.#directory.path, 'root'), ...command];
    const { status, stdout, stderr } = spawnSync(
      'nsenter',
      ['--target', String(this.#holder.pid), '--mount', '--', ...inside],
      {
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', ...env },
        encoding: 'utf8',
        timeout: RUN_MS,
      },
    );
    return { status, text: `${stdout}${stderr}` };
  }

  [Symbol.dispose](): void {
    this.#holder.kill('SIGKILL');
    this.#directory[Symbol.dispose]();
  }
}
