// What else tells of execs on Linux, from Debian's packages. Each is started and ended by the benchmark; one that
// does not run here says why in its own words.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { say } from './figures.mjs';
import { Child, run } from './sensor-child.mjs';
import { processesNamed } from './sensor-usage.mjs';

const INSTALL_MS = 300_000;
const LOCK_SECONDS = 200;
const START_MS = 20_000;
const REASON_CHARACTERS = 240;
const CAUSES = [/unable|cannot|denied|not permitted/i, /no such file/i];
const RULE = ['always,exit', '-F', 'arch=b64', '-S', 'execve', '-S', 'execveat', '-k', 'sealwatch-bench'];

function find(program) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.map((directory) => join(directory, program)).find((path) => existsSync(path)) ?? null;
}

function install(debianPackage) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`, ...args], {
      env,
      timeout: INSTALL_MS,
      stdio: 'ignore',
    }).status === 0;
  say(`${debianPackage} is not installed; installing it with apt-get`);
  const get = () => apt('install', '-y', '--no-install-recommends', debianPackage);
  return get() || (apt('update') && get());
}

const lastLine = (text) => text.trim().split('\n').filter(Boolean).at(-1) ?? 'it said nothing';

/** A program whose output goes to a file, as its user would keep it. */
class Rival {
  name;
  #package;
  #words;
  #isReady;
  #directory;
  #child = null;
  #why;

  constructor({ name, debianPackage, words, isReady }, directory) {
    this.name = name;
    this.#package = debianPackage;
    this.#words = words;
    this.#isReady = isReady;
    this.#directory = directory;
  }

  /** Processes whose cost is its cost. */
  get pids() {
    return [this.#child.pid];
  }

  /** Why it does not run here; null where it does. Tried once. */
  async refusal() {
    if (this.#why !== undefined) return this.#why;
    try {
      if (find(this.#words[0]) === null && !install(this.#package))
        throw new Error(`apt-get cannot install ${this.#package}`);
      await this.start();
      await this.stop();
      this.#why = null;
    } catch (error) {
      this.#why = error.message.slice(0, REASON_CHARACTERS);
    }
    return this.#why;
  }

  async start() {
    const out = join(this.#directory, `${this.name}.log`);
    const [program, ...args] = this.#words;
    const words = [find(program), ...args].map((word) => `'${word}'`).join(' ');
    // A terminal's line buffering would be a cost of its own.
    this.#child = new Child('sh', ['-c', `exec ${words} >'${out}'`]);
    for (let waited = 0; waited < START_MS; waited += 200) {
      await wait(200);
      if (this.#child.hasEnded) throw new Error(firstFault(this.#child.stderr));
      if (waited >= 1_000 && this.#isReady(out)) return;
    }
    await this.stop();
    throw new Error(`it was not ready within ${START_MS / 1_000} s: ${lastLine(this.#child.stderr)}`);
  }

  async stop() {
    await this.#child?.stop('SIGINT');
  }
}

/** A tool says much when it fails: the line that names the cause, and the last one. */
function firstFault(stderr) {
  const lines = stderr.trim().split('\n');
  const cause = CAUSES.map((pattern) => lines.find((line) => pattern.test(line))).find(Boolean);
  return cause === undefined ? lastLine(stderr) : `${cause.trim()} … ${lastLine(stderr)}`;
}

const auditConfig = (directory) => `log_file = ${directory}/audit.log
log_format = RAW
flush = INCREMENTAL_ASYNC
freq = 50
max_log_file = 64
num_logs = 2
max_log_file_action = ROTATE
space_left = 75
space_left_action = IGNORE
admin_space_left = 50
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
plugin_dir = ${directory}/plugins.d
`;

/** The audit daemon with Debian's defaults of writing, one rule for execve, and a directory of its own. */
class Audit {
  name = 'auditd';
  #directory;
  #child = null;
  #why;

  constructor(directory) {
    this.#directory = join(directory, 'audit');
    mkdirSync(join(this.#directory, 'plugins.d'), { recursive: true, mode: 0o700 });
    writeFileSync(join(this.#directory, 'auditd.conf'), auditConfig(this.#directory), { mode: 0o600 });
    chmodSync(this.#directory, 0o700);
  }

  /** Writing records is the daemon's, handing them over a kernel thread's. */
  get pids() {
    return [this.#child.pid, ...processesNamed('kauditd', 2)];
  }

  async refusal() {
    if (this.#why !== undefined) return this.#why;
    try {
      const isNew = find('auditd') === null;
      if (isNew && !install('auditd')) throw new Error('apt-get cannot install auditd');
      await endInstalled(isNew);
      await this.start();
      await this.stop();
      this.#why = null;
    } catch (error) {
      this.#why = error.message.slice(0, REASON_CHARACTERS);
    }
    return this.#why;
  }

  async start() {
    if ((await auditPid()) !== 0) throw new Error('an audit daemon runs already and is left alone');
    this.#child = new Child(find('auditd'), ['-n', '-s', 'enable', '-c', this.#directory]);
    for (let waited = 0; (await auditPid()) !== this.#child.pid; waited += 100) {
      if (this.#child.hasEnded || waited > START_MS)
        throw new Error(`auditd does not start: ${lastLine(this.#child.stderr)}`);
      await wait(100);
    }
    await run(find('auditctl'), ['-a', ...RULE]);
  }

  async stop() {
    await run(find('auditctl'), ['-d', ...RULE]).catch(() => {});
    await this.#child?.stop();
    await run(find('auditctl'), ['-e', '0']).catch(() => {});
  }
}

async function auditPid() {
  const lines = await run(find('auditctl'), ['-s']);
  return Number(lines.find((line) => line.startsWith('pid '))?.slice(4) ?? 0);
}

/** Debian's package may start its daemon when it is installed: what we brought, we end. */
async function endInstalled(isNew) {
  const pid = isNew ? await auditPid() : 0;
  if (pid === 0) return;
  process.kill(pid, 'SIGTERM');
  await wait(1_000);
}

const hasOutput = (out) => existsSync(out) && readFileSync(out, 'utf8').includes('PCOMM');

/** The tools, in the order in which they are shown. */
export function makeRivals(directory) {
  const execsnoop = { name: 'execsnoop-bpfcc', debianPackage: 'bpfcc-tools' };
  return [
    new Rival({ ...execsnoop, words: ['execsnoop-bpfcc'], isReady: hasOutput }, directory),
    new Rival(
      {
        name: 'forkstat',
        debianPackage: 'forkstat',
        words: ['forkstat', '-e', 'fork,exec,exit'],
        isReady: existsSync,
      },
      directory,
    ),
    new Audit(directory),
  ];
}
