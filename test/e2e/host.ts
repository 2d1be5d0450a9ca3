import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AgentStatus } from '../../agent/index.ts';
import type { Alert } from '../../wire/index.ts';

const MAIN = fileURLToPath(new URL('../../dist/bundle/start.js', import.meta.url));
/** Generous: two cores run many test files at once. */
export const PATIENCE_MS = 20_000;
const POLL_MS = 25;
const READY = 'sealwatch: ready';
const PAGE_ROWS = 200;
/** Agents that the token of a host enrols. */
const TOKEN_USES = '3';
/** Commands that run at once. */
const ABREAST = 3;

/** Whose the home and the processes are; whoever runs the tests where absent. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** An ordinary user: nobody where root runs the tests, else whoever does. */
export const ORDINARY: Account | null = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null;

/** How a process ended, and all that it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server's entry in a config, as far as these tests write it. */
export type Entries = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Waits until `check` answers something else than null, undefined or false; the error says what did not come. */
export async function until<T>(
  what: string | (() => string),
  check: () => T | Promise<T>,
  ms = PATIENCE_MS,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = await check();
    if (found !== null && found !== undefined && found !== false)
      return found as Exclude<T, null | undefined | false>;
    if (Date.now() > deadline)
      throw new Error(`waited ${ms} ms for ${typeof what === 'string' ? what : what()}`);
    await sleep(POLL_MS);
  }
}

/** Tokens of viewers, by the URL of the API that asks for one; `up` asks for none. */
const apiTokens = new Map<string, string>();

/** Asks an API, with a token where it needs one. */
function ask(url: string, path: string): Promise<Response> {
  const token = apiTokens.get(url);
  return fetch(`${url}${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
}

/** Every alert that central holds, oldest first, page by page. */
export async function allAlerts(url: string): Promise<readonly Alert[]> {
  const alerts: Alert[] = [];
  for (let since = ''; ; ) {
    const answer = await ask(url, `/api/v1/alerts?limit=${PAGE_ROWS}${since}`);
    if (!answer.ok) throw new Error(`central answered ${answer.status}: ${await answer.text()}`);
    const page = (await answer.json()) as { alerts: Alert[]; next: string | null };
    alerts.push(...page.alerts);
    if (page.next === null) return alerts;
    since = `&since=${page.next}`;
  }
}

/** A running command of Sealwatch: its words (lines of stderr) and alerts (lines of stdout, for `up --json`). */
export class Program {
  readonly words: string[] = [];
  readonly lines: string[] = [];
  readonly alerts: Alert[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #end: Ended | null = null;

  constructor(child: ChildProcess, json: boolean) {
    this.#child = child;
    if (child.stdout === null || child.stderr === null) throw new Error('the output must be piped');
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      if (json) this.alerts.push(JSON.parse(line));
    });
    createInterface({ input: child.stderr }).on('line', (line) => this.words.push(line));
    this.#ended = once(child, 'close').then(([code, signal]) => {
      this.#end = { code, signal, stdout: this.lines.join('\n'), stderr: this.words.join('\n') };
      return this.#end;
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('it was never started');
    return this.#child.pid;
  }

  /** Null while it runs. */
  get end(): Ended | null {
    return this.#end;
  }

  /** URL of central, once it was said. */
  get url(): string {
    const found = this.words
      .map((line) => /^(?:alerts|sealwatch: central at)\s+(http:\/\/[^/\s]+)/.exec(line)?.[1])
      .find(Boolean);
    if (found === undefined) throw new Error(`no URL was said:\n${this.words.join('\n')}`);
    return found;
  }

  /** Waits for `sealwatch: ready`. */
  async ready(): Promise<this> {
    await this.said((line) => line === READY, READY);
    return this;
  }

  /** Waits for a line on stderr; fails as soon as the program has ended without it. */
  said(fits: (line: string) => boolean, what: string): Promise<string> {
    return until(
      () => `${what}; it said:\n${this.words.join('\n')}`,
      () => {
        const found = this.words.find(fits);
        if (found === undefined && this.#end !== null)
          throw new Error(
            `ended with ${this.#end.code ?? this.#end.signal} before ${what}:\n${this.#end.stderr}`,
          );
        return found;
      },
    );
  }

  /** Waits for the first alert on stdout that fits. */
  alert(name: string, fits: (alert: Alert) => boolean = () => true): Promise<Alert> {
    return until(
      () => `alert ${name}; there came: ${this.alerts.map(({ rule }) => rule.name).join(', ') || 'none'}`,
      () => this.alerts.find((alert) => alert.rule.name === name && fits(alert)),
    );
  }

  named(name: string): readonly Alert[] {
    return this.alerts.filter((alert) => alert.rule.name === name);
  }

  get(path: string): Promise<Response> {
    return ask(this.url, path);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  ended(): Promise<Ended> {
    const late = () => `the end of process ${this.#child.pid}; it said:\n${this.words.join('\n')}`;
    return until(late, () => this.#end);
  }

  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.signal(signal);
    return this.ended();
  }

  /** SIGKILL, and waits for the end; safe to call on what has ended. */
  async kill(): Promise<Ended> {
    if (this.#end === null) this.signal('SIGKILL');
    return this.#ended;
  }
}

/**
 * A home and a state directory of their own under the temporary directory, and the programs that run on them.
 * What still runs at the end of the test is killed; then all is removed.
 */
export class Host {
  readonly directory: string;
  readonly home: string;
  readonly stateDir: string;
  /** Where `up` and `central` write their feed. */
  readonly feed: string;
  readonly #account: Account | null;
  readonly #main: string;
  readonly #programs: Program[] = [];

  /** `main` is the program that is run: the built one of this checkout unless told. */
  constructor(context: TestContext, account: Account | null = null, main = MAIN) {
    this.#account = account;
    this.#main = main;
    this.directory = mkdtempSync(join(tmpdir(), 'sealwatch-e2e-'));
    chmodSync(this.directory, 0o700);
    this.own(this.directory);
    this.home = this.makeDirectory(join(this.directory, 'home'));
    this.stateDir = this.makeDirectory(join(this.directory, 'state'));
    this.feed = join(this.stateDir, 'feed', 'ocsf.jsonl');
    context.after(() => this.#cleanUp());
  }

  async #cleanUp(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Gives a path to this host's account. */
  own(path: string): void {
    if (this.#account !== null) lchownSync(path, this.#account.uid, this.#account.gid);
  }

  /** Makes a directory and those above it, each with mode 0700 and of this host's account. */
  makeDirectory(path: string): string {
    if (existsSync(path)) return path;
    this.makeDirectory(dirname(path));
    mkdirSync(path, { mode: 0o700 });
    this.own(path);
    return path;
  }

  /** Absolute path of something in the home. */
  at(...parts: string[]): string {
    return join(this.home, ...parts);
  }

  /** Writes a file of the home (mode 0600) and answers its absolute path. */
  write(relative: string, content: string | Uint8Array): string {
    const path = this.at(relative);
    this.makeDirectory(dirname(path));
    writeFileSync(path, content, { mode: 0o600 });
    this.own(path);
    return path;
  }

  /** Writes a config whose servers lie under `mcpServers`, as Cursor and Claude read it. */
  writeConfig(relative: string, servers: Entries): string {
    return this.write(relative, `${JSON.stringify({ mcpServers: servers }, null, 2)}\n`);
  }

  /** Starts the built CLI; `json` says that each line of stdout is an alert. */
  start(args: readonly string[], json = false): Program {
    const child = spawn(process.execPath, [this.#main, ...args], {
      cwd: this.home,
      env: { PATH: process.env['PATH'], HOME: this.home, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...this.#account,
    });
    const program = new Program(child, json);
    this.#programs.push(program);
    return program;
  }

  /** Runs a command of the CLI to its end. */
  run(...args: string[]): Promise<Ended> {
    return this.start(args).ended();
  }

  /** Runs a command with this state directory that must end well; answers its stdout. */
  async sealwatch(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args, '--state-dir', this.stateDir);
    if (code !== 0) throw new Error(`sealwatch ${args.join(' ')} ended with ${code}:\n${stderr}`);
    return stdout;
  }

  /** `approve SERVER --yes` in this home, for several servers; the first makes the key. */
  async approve(...servers: string[]): Promise<void> {
    const approve = (server: string) => this.sealwatch('approve', server, '--home', this.home, '--yes');
    const [first, ...rest] = servers;
    if (first !== undefined) await approve(first);
    for (let at = 0; at < rest.length; at += ABREAST)
      await Promise.all(rest.slice(at, at + ABREAST).map(approve));
  }

  /** `up --json` on this home, listening on any free port; more arguments override. */
  up(...args: string[]): Program {
    const places = ['--home', this.home, '--state-dir', this.stateDir, '--listen', '127.0.0.1:0'];
    return this.start(['up', '--json', ...places, ...args], true);
  }

  /** `central run` with a config of its own: the API on this port, agents on the next; all else lies in the state directory. */
  central(port: number, more: Readonly<Record<string, unknown>> = {}): Program {
    return this.start(['central', 'run', '--config', this.#centralConfig(port, more)]);
  }

  #centralConfig(port: number, more: Readonly<Record<string, unknown>>): string {
    const config = join(this.directory, 'central.yml');
    this.makeDirectory(dirname(this.feed));
    this.#writeOwn(config, {
      state_dir: this.stateDir,
      listen: `127.0.0.1:${port + 1}`,
      api: { listen: `127.0.0.1:${port}` },
      feeds: [{ type: 'file', name: 'findings', path: this.feed }],
      ...more,
    });
    const database = ['--config', config];
    if (!existsSync(this.tokenFile)) {
      this.#makeToken(this.tokenFile, ['token', 'create', ...database, '--count', TOKEN_USES]);
    }
    const apiTokenFile = join(this.directory, 'api.token');
    if (!existsSync(apiTokenFile)) {
      const viewer = ['--role', 'viewer', '--name', 'test'];
      this.#makeToken(apiTokenFile, ['api-token', 'create', ...database, ...viewer]);
    }
    apiTokens.set(`http://127.0.0.1:${port}`, readFileSync(apiTokenFile, 'utf8').trim());
    return config;
  }

  /** Has central's command make a token; before central runs for the first time. */
  #makeToken(file: string, command: readonly string[]): void {
    const { status, stderr } = spawnSync(
      process.execPath,
      [this.#main, 'central', ...command, '--out', file],
      {
        cwd: this.home,
        env: { PATH: process.env['PATH'], HOME: this.home },
        ...this.#account,
      },
    );
    if (status !== 0) throw new Error(`no token was made: ${String(stderr)}`);
  }

  /** Config file of the agent of a state directory. */
  agentConfig(stateDir = this.stateDir): string {
    return join(this.directory, `agent-${basename(stateDir)}.yml`);
  }

  /** `agent run` with a config of its own, on this home and state directory, to central on this port. */
  agent(port: number, more: Readonly<Record<string, unknown>> = {}, stateDir = this.stateDir): Program {
    const config = this.agentConfig(stateDir);
    const central = { url: `wss://127.0.0.1:${port + 1}`, token_file: this.tokenFile };
    const places = { state_dir: stateDir, homes: [this.home], pin_dir: null };
    this.#writeOwn(config, { ...places, central, ...more });
    return this.start(['agent', 'run', '--config', config]);
  }

  /** What the running agent says of itself. */
  async status(stateDir = this.stateDir): Promise<AgentStatus> {
    const { code, stdout, stderr } = await this.run('status', '--json', '--state-dir', stateDir);
    if (code !== 0) throw new Error(`sealwatch status ended with ${code}:\n${stderr}`);
    return JSON.parse(stdout);
  }

  /** Ids of the findings in the feed, in order, doubled ones too. */
  fed(): readonly string[] {
    if (!existsSync(this.feed)) return [];
    const lines = readFileSync(this.feed, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line).finding_info.uid);
  }

  /** Where the token lies with which agents of this host enrol. */
  get tokenFile(): string {
    return join(this.directory, 'token');
  }

  /** JSON is YAML too. */
  #writeOwn(path: string, value: unknown): void {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    this.own(path);
  }
}
