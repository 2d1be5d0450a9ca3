import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ApprovalStore, openSigner } from '../../approval/index.ts';
import type { GuardRecord, Server } from '../../wire/index.ts';
import { type Ended, Host } from '../e2e/host.ts';

export const SEALWATCH = fileURLToPath(new URL('../../bin/sealwatch', import.meta.url));
/** Findings of a server in a temporary home, which production wants accepted. */
const FINDINGS = ['mcp_self_authority', 'mcp_config_writable_by_others', 'mcp_helper_writable'];

export type Profile = 'developer' | 'production';

/** A server's command as a config of Cursor asks for it. */
export interface Entry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A home with one server in a config of Cursor, whose client is the test. */
export class GuardedHost {
  readonly host: Host;
  readonly profile: Profile;
  readonly #context: TestContext;

  constructor(context: TestContext, profile: Profile = 'developer') {
    this.host = new Host(context);
    this.profile = profile;
    this.#context = context;
  }

  /** Writes the config; servers by name. */
  configure(servers: Readonly<Record<string, Entry>>): void {
    this.host.writeConfig(
      '.cursor/mcp.json',
      Object.fromEntries(Object.entries(servers).map(([name, entry]) => [name, { ...entry }])),
    );
  }

  /** Signs for it, in the profile of this host. */
  async approve(name: string, ...more: string[]): Promise<void> {
    const accept = this.profile === 'production' ? FINDINGS.flatMap((finding) => ['--accept', finding]) : [];
    const all = ['--home', this.host.home, '--yes', '--profile', this.profile, ...accept, ...more];
    await this.host.sealwatch('approve', `cursor/${name}`, ...all);
  }

  /** Signs for it with an approval that ends after `lifeMs`. */
  async approveFor(name: string, lifeMs: number): Promise<void> {
    const { home, stateDir } = this.host;
    await this.approve(name);
    const { stdout } = await this.host.run('scan', '--json', '--home', home, '--state-dir', stateDir);
    const servers: readonly Server[] = JSON.parse(stdout).servers;
    const server = servers.find((found) => found.name === name);
    if (server === undefined) throw new Error(`no server ${name}`);
    const now = new Date();
    await new ApprovalStore(stateDir).approve(server, {
      owner: 'test',
      approver: 'test',
      reason: '',
      expires: new Date(now.getTime() + lifeMs),
      now,
      contexts: { profiles: [this.profile], host_groups: null, users: null },
      accepted: FINDINGS,
      policy: null,
      signer: await openSigner(undefined, { stateDir, systemDirectory: null, agentSocket: undefined }),
      project: null,
      known: [],
    });
  }

  /** What a client has to start to get at a server through the guard. */
  guarded(
    entry: Entry,
    ...options: string[]
  ): { command: string; args: string[]; env: Record<string, string> } {
    const words = ['guard', '--state-dir', this.host.stateDir, '--profile', this.profile, ...options];
    return { command: SEALWATCH, args: [...words, '--', entry.command, ...entry.args], env: this.env(entry) };
  }

  env(entry: Entry): Record<string, string> {
    return { PATH: process.env['PATH'] ?? '', HOME: this.host.home, ...entry.env };
  }

  /** Starts the guard and talks to it line by line. */
  start(entry: Entry, ...options: string[]): Wire {
    const { command, args, env } = this.guarded(entry, ...options);
    const wire = new Wire(command, args, env, this.host.home);
    this.#context.after(() => wire.kill());
    return wire;
  }

  /** Starts the server itself. */
  startBare(entry: Entry): Wire {
    const wire = new Wire(entry.command, entry.args, this.env(entry), this.host.home);
    this.#context.after(() => wire.kill());
    return wire;
  }

  /** What guards have recorded here, in the order of their files. */
  records(): readonly GuardRecord[] {
    const directory = join(this.host.stateDir, 'guard');
    const files = readdirSync(directory).filter((name) => name.endsWith('.ndjson'));
    return files
      .sort()
      .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n').filter(Boolean))
      .map((line) => JSON.parse(line));
  }
}

export type Json = Readonly<Record<string, unknown>>;

/** One end of a session as a test holds it: what it sends are values or bytes, what comes are lines. */
export class Wire {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** All bytes that came. */
  readonly chunks: Buffer[] = [];
  readonly #lines: string[] = [];
  #rest = '';
  #errors = '';
  #heard: (() => void)[] = [];
  #next = 1;

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string) {
    this.child = spawn(command, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdin.on('error', () => {});
    this.child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    this.child.stderr.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      for (const heard of this.#heard.splice(0)) heard();
      return { code, signal, stdout: Buffer.concat(this.chunks).toString(), stderr: this.#errors };
    });
  }

  get errors(): string {
    return this.#errors;
  }

  get messages(): readonly Json[] {
    return this.#lines.map((line) => JSON.parse(line));
  }

  write(bytes: string | Buffer): void {
    this.child.stdin.write(bytes);
  }

  send(message: Json): void {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  /** Sends a request and waits for its answer. */
  async ask(method: string, params: Json = {}): Promise<Json> {
    const id = this.#next;
    this.#next += 1;
    this.send({ id, method, params });
    return this.until(`the answer to ${method}`, (message) => message['id'] === id && !('method' in message));
  }

  /** `initialize` and what follows it. */
  async open(capabilities: Json = {}): Promise<Json> {
    const clientInfo = { name: 'test', version: '1' };
    const answer = await this.ask('initialize', { protocolVersion: '2025-11-25', capabilities, clientInfo });
    this.send({ method: 'notifications/initialized' });
    return answer;
  }

  call(name: string, args: Json = {}): Promise<Json> {
    return this.ask('tools/call', { name, arguments: args });
  }

  /** Waits for a message, among those that came already as well. */
  async until(what: string, fits: (message: Json) => boolean): Promise<Json> {
    const deadline = Date.now() + 20_000;
    for (let at = 0; ; ) {
      for (; at < this.#lines.length; at += 1) {
        const message: Json = JSON.parse(this.#lines[at] ?? '');
        if (fits(message)) return message;
      }
      if (this.child.exitCode !== null || this.child.signalCode !== null || Date.now() > deadline)
        throw new Error(`${what} did not come; it said: ${this.#errors}\n${this.#lines.join('\n')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#heard.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Closes its input, as a client that leaves does. */
  leave(): Promise<Ended> {
    this.child.stdin.end();
    return this.ended;
  }

  /** SIGKILL, and waits for its end. */
  killed(): Promise<Ended> {
    this.kill();
    return this.ended;
  }

  kill(): void {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
  }

  #take(chunk: Buffer): void {
    this.chunks.push(chunk);
    const lines = (this.#rest + chunk.toString('utf8')).split('\n');
    this.#rest = lines.pop() ?? '';
    this.#lines.push(...lines.filter((line) => line !== ''));
    for (const heard of this.#heard.splice(0)) heard();
  }
}

/** `error.data` of an answer. */
export function refusalIn(answer: Json): Json {
  const error = answer['error'] as Json | undefined;
  if (error === undefined) throw new Error(`no error: ${JSON.stringify(answer)}`);
  return error['data'] as Json;
}
