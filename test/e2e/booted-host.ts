import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { haveProgram } from '../debian-package.ts';
import { TempDirectory } from '../temp-directory.ts';

/** Debian packages of a host as an IT department has it, before Sealwatch comes. */
const PACKAGES = ['systemd', 'systemd-sysv', 'dbus', 'procps', 'libelf1', 'zlib1g', 'libssl3'];
const RELEASE = 'bookworm';
const MIRROR = 'http://deb.debian.org/debian';
/** Kept beside what the set-up fetches: to make it takes a minute. */
const BASE = join(import.meta.dirname, '..', '..', '.cache', 'debian', `${RELEASE}-2`);
const BOOTSTRAP_MS = 600_000;
const BOOT_MS = 120_000;
const COMMAND_MS = 120_000;
/** What the sensor needs of the kernel, which a container is not given by itself. */
const CAPABILITIES = 'CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN,CAP_SYS_ADMIN,CAP_SYS_PTRACE';
const SYSTEM_CALLS = 'bpf perf_event_open fanotify_init fanotify_mark pidfd_open pidfd_send_signal';

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** False where a host can be booted here, else why not. */
export function cannotBoot(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'to boot a host takes root on Linux';
  if (!haveProgram('systemd-nspawn', 'systemd-container'))
    return 'systemd-nspawn is not installed and cannot be';
  if (!haveProgram('debootstrap', 'debootstrap')) return 'debootstrap is not installed and cannot be';
  return makeBase();
}

function makeBase(): string | false {
  if (existsSync(BASE)) return false;
  const draft = `${BASE}.${process.pid}`;
  mkdirSync(dirname(BASE), { recursive: true });
  const args = ['--variant=minbase', `--include=${PACKAGES.join(',')}`, RELEASE, draft, MIRROR];
  const { status, stdout } = spawnSync('debootstrap', args, { encoding: 'utf8', timeout: BOOTSTRAP_MS });
  if (status === 0) {
    renameSync(draft, BASE);
    return false;
  }
  rmSync(draft, { recursive: true, force: true });
  return `debootstrap made no Debian: ${stdout.trim().split('\n').at(-1)}`;
}

/** A Debian with its own systemd as process 1, in a container that shares the network of this host. */
export class BootedHost extends TempDirectory {
  readonly root = this.at('root');
  #container: ChildProcess | null = null;
  #leader = 0;
  #console = '';

  /** Boots a copy of the base. */
  static async boot(): Promise<BootedHost> {
    const host = new BootedHost();
    // Node's cpSync keeps neither owners nor set-user-id bits.
    const { status, stderr } = spawnSync('cp', ['-a', '--reflink=auto', BASE, host.root], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the base cannot be copied: ${stderr}`);
    await host.start();
    return host;
  }

  async start(): Promise<void> {
    const container = spawn(
      'systemd-nspawn',
      [
        ...[
          '--quiet',
          '--boot',
          '--register=no',
          '--keep-unit',
          '--console=pipe',
          `--machine=sealwatch-${process.pid}`,
        ],
        ...[
          `--directory=${this.root}`,
          `--capability=${CAPABILITIES}`,
          `--system-call-filter=${SYSTEM_CALLS}`,
        ],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#container = container;
    for (const stream of [container.stdout, container.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#console += text;
      });
    await this.until('systemd is up', () => {
      if (container.exitCode !== null) throw new Error(`the host did not boot:\n${this.#console}`);
      this.#leader = childOf(container.pid ?? 0);
      if (this.#leader === 0) return false;
      return /^(?:running|degraded)$/m.test(this.run('systemctl', 'is-system-running').stdout);
    });
  }

  /** Runs a program inside as root, with nothing of the environment outside. */
  run(...command: readonly string[]): Answer {
    const args = ['-t', String(this.#leader), '-m', '-u', '-i', '-p', '-C', '--', 'env', '-i'];
    const env = ['PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'HOME=/root'];
    const { status, stdout, stderr } = spawnSync('nsenter', [...args, ...env, ...command], {
      encoding: 'utf8',
      timeout: COMMAND_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { status, stdout, stderr };
  }

  /** As `run`; what it prints. Throws where it fails. */
  ok(...command: readonly string[]): string {
    const { status, stdout, stderr } = this.run(...command);
    if (status === 0) return stdout;
    throw new Error(`${command.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  }

  /** Starts a program inside as a user; its standard input is open. */
  spawnAs(user: string, ...command: readonly string[]): ChildProcess {
    const args = ['-t', String(this.#leader), '-m', '-u', '-i', '-p', '-C', '--'];
    return spawn(
      'nsenter',
      [...args, 'setpriv', `--reuid=${user}`, '--init-groups', `--regid=${user}`, '--', ...command],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { PATH: '/usr/bin:/bin', HOME: `/home/${user}` },
      },
    );
  }

  property(unit: string, name: string): string {
    return this.ok('systemctl', 'show', '--property', name, '--value', unit).trim();
  }

  /** The main process of a unit, as it is numbered inside. */
  mainPid(unit: string): number {
    return Number(this.property(unit, 'MainPID'));
  }

  /** The main process of a unit, as it is numbered on this host. */
  outsidePid(unit: string): number {
    const inside = this.mainPid(unit);
    for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
      const numbers = namespacePids(Number(name));
      if (numbers.length === 2 && numbers[1] === inside && isIn(Number(name), this.#leader))
        return Number(name);
    }
    throw new Error(`${unit} has no process`);
  }

  journal(unit: string): string {
    return this.run('journalctl', '--no-pager', '--output=cat', `--unit=${unit}`).stdout;
  }

  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const end = Date.now() + BOOT_MS;
    while (!(await isSo())) {
      if (Date.now() > end)
        throw new Error(`waited ${BOOT_MS} ms for: ${what}\n${this.#console.slice(-2_000)}`);
      await sleep(200);
    }
  }

  /** Pulls the plug. */
  async end(): Promise<void> {
    const container = this.#container;
    if (container !== null && container.exitCode === null && container.signalCode === null) {
      const gone = once(container, 'exit');
      // With process 1 everything inside ends, and then the container.
      if (this.#leader !== 0) process.kill(this.#leader, 'SIGKILL');
      else container.kill('SIGKILL');
      await gone;
    }
    this[Symbol.dispose]();
  }
}

/** Numbers of a process in this pid namespace and those below, of proc_pid_status(5). */
function namespacePids(pid: number): readonly number[] {
  try {
    const [, numbers = ''] = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return numbers.split(/\s+/).map(Number);
  } catch {
    return [];
  }
}

function isIn(pid: number, leader: number): boolean {
  return readlinkSync(`/proc/${pid}/ns/pid`) === readlinkSync(`/proc/${leader}/ns/pid`);
}

function childOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0] || 0);
  } catch {
    return 0;
  }
}
