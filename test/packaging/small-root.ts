import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { TempDirectory } from '../temp-directory.ts';

/** Milliseconds that one script may take. */
const SCRIPT_MS = 30_000;
const STUB = `#!/bin/sh\necho "\${0##*/} $*" >> /calls\n`;

/** Why no root of its own can be had here, else false. */
export function whyNoRoot(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  const { status } = spawnSync('unshare', ['--mount', 'true'], { timeout: SCRIPT_MS });
  return status === 0 ? false : 'no namespace for mounts can be made here';
}

/** A root directory with the programs of the host, read-only, and nothing else of it. What systemd's programs are asked is noted. */
export class SmallRoot implements Disposable {
  readonly home = new TempDirectory();

  constructor({ runsSystemd = true, cgroup = '0::/user.slice/session-1.scope' } = {}) {
    for (const name of ['usr', 'etc/sealwatch', 'run', 'var/lib', 'tmp', 'stubs'])
      mkdirSync(this.home.at(name), { recursive: true });
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, this.home.at(name));
    if (runsSystemd) mkdirSync(this.home.at('run/systemd/system'), { recursive: true });
    this.home.write('dev/null', '');
    this.home.write('proc/self/cgroup', `${cgroup}\n`);
    for (const name of ['systemctl', 'systemd-run', 'systemd-sysusers', 'systemd-tmpfiles'])
      this.home.write(`stubs/${name}`, STUB, 0o755);
  }

  /** Has a program of systemd fail from now on. */
  breakProgram(name: string): void {
    appendFileSync(this.home.at('stubs', name), 'exit 1\n');
  }

  /** Runs a script in it and gives its status, what it said, and what it asked of systemd. */
  run(
    script: string,
    ...args: readonly string[]
  ): { status: number | null; said: string; calls: readonly string[] } {
    this.home.write('script', script, 0o755);
    this.home.write('calls', '');
    const root = this.home.path;
    const shell = `mount --bind /usr '${root}/usr' && mount -o remount,bind,ro '${root}/usr' && exec chroot '${root}' /bin/sh /script "$@"`;
    const { status, stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', shell, 'sh', ...args], {
      encoding: 'utf8',
      env: { PATH: '/stubs:/usr/bin:/bin:/usr/sbin:/sbin' },
      timeout: SCRIPT_MS,
    });
    const calls = this.home
      .read('calls')
      .split('\n')
      .filter((line) => line !== '');
    return { status, said: `${stdout}${stderr}`, calls };
  }

  has(path: string): boolean {
    return existsSync(this.home.at(path));
  }

  remove(path: string): void {
    rmSync(this.home.at(path), { recursive: true });
  }

  [Symbol.dispose](): void {
    this.home[Symbol.dispose]();
  }
}
