// A home with one server, an agent and central on it, as the benchmark of the sensor needs them.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { freePort } from '../../test/free-port.ts';
import { Child, run, until } from './sensor-child.mjs';
import { processesNamed, untilQuiet } from './sensor-usage.mjs';

const SENSOR_NAME = 'sealwatch-senso'; // as far as the kernel keeps a name
const ALERTS_REST_MS = 4_000;
const SERVER = 'sensor-server.mjs';
export const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'bin', 'sealwatch');
const { askStatus } = await import(pathToFileURL(join(root, 'dist', 'agent', 'index.js')).href);

/** Hits every exec of the storm inside a subtree, so that each number reaches the end of the path. */
const ruleFor = (token) => `title: Numbered exec of the benchmark
id: 2f3dd4c1-51a5-4f0d-9a36-0c8a2b1f7e55
name: bench_numbered_exec
status: test
description: One exec of the storm.
author: Sealwatch
license: Apache-2.0
date: 2026-11-27
logsource:
  category: process_creation
detection:
  selection:
    CommandLine|contains: ' ${token} '
  condition: selection
level: informational
`;

export class SensorHost {
  directory = mkdtempSync(join(tmpdir(), 'sealwatch-bench-sensor-'));
  home = this.#make('home');
  stateDir = this.#make('state');
  #rules = this.#make('rules');
  #central = null;
  #agent = null;
  #port = 0;
  #agentPort = 0;

  #make(name) {
    const path = join(this.directory, name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  }

  #write(name, value) {
    const path = join(this.directory, name);
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 });
    return path;
  }

  /**
   * The same program three times: as a server whose policy allows shells, as one whose every shell is an alert, and
   * as nobody's.
   */
  async prepare() {
    const inside = join(this.home, SERVER);
    copyFileSync(join(import.meta.dirname, SERVER), inside);
    copyFileSync(inside, join(this.directory, `outside-${SERVER}`));
    mkdirSync(join(this.home, '.cursor'), { mode: 0o700 });
    const strict = join(this.home, `strict-${SERVER}`);
    copyFileSync(inside, strict);
    const entry = (path) => ({ command: process.execPath, args: [path] });
    const mcpServers = { bench: entry(inside), strict: entry(strict) };
    this.#write('home/.cursor/mcp.json', { mcpServers });
    const policy = this.#write('policy.yml', 'shells: true\n');
    this.#port = await freePort();
    this.#agentPort = await freePort();
    const central = ['--config', this.#centralConfig(), '--out', join(this.directory, 'token')];
    await run(program, ['central', 'token', 'create', ...central], { env: this.#env });
    const places = ['--home', this.home, '--state-dir', this.stateDir];
    const options = { env: this.#env, cwd: this.home };
    await run(program, ['approve', 'cursor/bench', '--policy', policy, '--yes', ...places], options);
    await run(program, ['approve', 'cursor/strict', '--yes', ...places], options);
  }

  get #env() {
    return { PATH: process.env.PATH, HOME: this.home, NO_COLOR: '1' };
  }

  get database() {
    return join(this.stateDir, 'agent.db');
  }

  get agentPid() {
    return this.#agent.pid;
  }

  get sensorPid() {
    return processesNamed(SENSOR_NAME, this.agentPid)[0];
  }

  /** Starts central and the agent; with a token each exec that carries it inside the subtree is an alert. */
  async start({ token = null, cpu = null } = {}) {
    await this.#startCentral();
    writeFileSync(join(this.#rules, 'bench.yml'), ruleFor(token ?? 'bench-nothing'), { mode: 0o600 });
    const config = this.#write('agent.yml', {
      state_dir: this.stateDir,
      homes: [this.home],
      rules: [this.#rules],
      trust_dir: join(this.directory, 'no-trust'),
      pin_dir: null,
      central: { url: `wss://127.0.0.1:${this.#agentPort}`, token_file: join(this.directory, 'token') },
    });
    const words = [program, 'agent', 'run', '--config', config];
    const pinned = cpu === null ? words : ['taskset', '-c', String(cpu), ...words];
    this.#agent = new Child(pinned[0], pinned.slice(1), { env: this.#env, cwd: this.home });
    await until('the agent', () => this.#isReady());
    if (this.sensorPid === undefined) throw new Error(`the agent has no sensor: ${this.#agent.stderr}`);
    await untilQuiet([this.agentPid, this.sensorPid], 10_000);
  }

  #isReady() {
    if (this.#agent.hasEnded) throw new Error(`the agent ended: ${this.#agent.stderr}`);
    return this.#agent.stderr.includes('sealwatch: ready') || this.#agent.lines.includes('sealwatch: ready');
  }

  #centralConfig() {
    return this.#write('central.yml', {
      listen: `127.0.0.1:${this.#port}`,
      database: join(this.directory, 'central.db'),
      identity: { listen: `127.0.0.1:${this.#agentPort}`, directory: join(this.directory, 'authority') },
    });
  }

  async #startCentral() {
    const config = this.#centralConfig();
    this.#central = new Child(program, ['central', 'run', '--config', config], { env: this.#env });
    await until('central', async () => {
      if (this.#central.hasEnded) throw new Error(`central ended: ${this.#central.stderr}`);
      return fetch(`http://127.0.0.1:${this.#port}/`).then(
        () => true,
        () => false,
      );
    });
  }

  async stop() {
    await this.#agent?.stop();
    await this.#central?.stop();
    this.#agent = null;
    this.#central = null;
  }

  status() {
    return askStatus(this.stateDir);
  }

  /** Waits until no new alert has come for a while and central has all of them; `ms` at the most. */
  async untilAlertsRest(ms) {
    const deadline = Date.now() + ms;
    let last = -1;
    for (let since = Date.now(); Date.now() - since < ALERTS_REST_MS && Date.now() < deadline; ) {
      await wait(500);
      // An agent that is busy answers late or not at all.
      const central = await this.status().then(
        (status) => status.central,
        () => null,
      );
      if (central === null || central.waiting > 0 || central.last_seq !== last) since = Date.now();
      last = central?.last_seq ?? last;
    }
  }

  /** Numbers of a token's execs that central holds an alert of. Central must not run: it keeps its database locked. */
  numbersAtCentral(token) {
    const database = new Database(join(this.directory, 'central.db'), { readonly: true });
    try {
      const lines = database
        .prepare("SELECT json_extract(body, '$.event.CommandLine') FROM alerts WHERE name = ?")
        .pluck()
        .all('bench_numbered_exec');
      const words = lines.map((line) => line.split(' '));
      return new Set(words.filter((all) => all.at(-2) === token).map((all) => all.at(-1)));
    } finally {
      database.close();
    }
  }

  /** A server of the config, or the same program outside of every subtree. */
  runner(place) {
    const paths = {
      inside: join(this.home, SERVER),
      alerting: join(this.home, `strict-${SERVER}`),
      outside: join(this.directory, `outside-${SERVER}`),
    };
    const path = paths[place];
    const child = new Child(process.execPath, [path], { env: this.#env, cwd: this.directory });
    return {
      /** Runs words to their end; gives seconds, seconds of the processor, and stdout. */
      run: async (words, { cwd = this.directory, ms = 600_000 } = {}) => {
        const answer = JSON.parse((await child.ask(JSON.stringify({ words, cwd }), ms)) ?? 'null');
        if (answer?.status !== 0) throw new Error(`${words.join(' ')}: ${answer?.stderr ?? child.stderr}`);
        return answer;
      },
      stop: () => child.stop(),
    };
  }

  async remove() {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
