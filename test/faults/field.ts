import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../e2e/host.ts';
import type { TempDirectory } from '../temp-directory.ts';
import { CENTRAL_ADDRESS, type CutNetwork, type Side } from './network.ts';
import { compare, type Finding, idsInFeed, isComplete, Truth } from './proof.ts';
import { Victim } from './victim.ts';

const MAIN = fileURLToPath(new URL('../../dist/bundle/start.js', import.meta.url));
const program = (name: string) => fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
const FROM_SOURCE = ['--disable-warning=ExperimentalWarning', '--experimental-strip-types'];
const LOOK_MS = 1_000;
const SECRET = 'a secret of the fault harness\n';
/** Agents that a token enrols: one that is killed while it enrols takes another use. */
const TOKEN_USES = '100000';

export interface FieldOptions {
  readonly directory: TempDirectory;
  /** Null: everything on the loopback, and nothing is cut. */
  readonly network: CutNetwork | null;
  /** `database` of central's config; its own SQLite file where absent. */
  readonly database?: { readonly postgres_url_file: string };
  /** Load agents beside the real one. */
  readonly loads: number;
  /** Alerts a second of each. */
  readonly rate: number;
  /** Bytes of the spool of each load agent; those of the product where absent. */
  readonly spoolBytes?: number;
  /** Alerts at central, doubled ones too. */
  readonly stored: () => Promise<readonly string[]>;
}

/** Central with two feeds, the real agent on a home that changes all the time, and agents that only raise alerts. */
export class Field {
  readonly central: Victim;
  readonly agents: readonly Victim[];
  readonly truth = new Truth();
  readonly #options: FieldOptions;
  readonly #receiver: Victim;
  readonly #config: string;
  #changes = 0;
  #changing: NodeJS.Timeout | null = null;

  private constructor(options: FieldOptions, ports: { readonly agents: number; readonly webhook: number }) {
    this.#options = options;
    const address = options.network === null ? '127.0.0.1' : CENTRAL_ADDRESS;
    const url = `wss://${address}:${ports.agents}`;
    this.#config = this.#writeCentralConfig(address, ports);
    this.#makeToken();
    const central = this.#on('central', [process.execPath, MAIN, 'central', 'run', '--config', this.#config]);
    this.central = new Victim('central', () => central);
    this.#receiver = new Victim('webhook receiver', () =>
      this.#on('central', [
        process.execPath,
        ...FROM_SOURCE,
        program('webhook-receiver'),
        String(ports.webhook),
        this.#at('webhook.jsonl'),
      ]),
    );
    this.agents = [
      this.#realAgent(url),
      ...Array.from({ length: options.loads }, (_, at) => this.#load(url, at)),
    ];
  }

  static async open(options: FieldOptions): Promise<Field> {
    return new Field(options, { agents: await freePort(), webhook: await freePort() });
  }

  get victims(): readonly Victim[] {
    return [this.central, ...this.agents];
  }

  get kills(): number {
    return this.victims.reduce((sum, { kills }) => sum + kills, 0);
  }

  /** Starts what is not killed: the receiver, and what goes on changing the home of the real agent. */
  begin(): void {
    this.#receiver.start();
    this.change();
    this.#changing = setInterval(() => this.change(), 100);
  }

  /** Nothing new is raised from now on. */
  async settle(): Promise<void> {
    if (this.#changing !== null) clearInterval(this.#changing);
    for (const load of this.agents.slice(1)) {
      // Before it is ready the signal would end it, and what it holds would never arrive.
      await load.ready();
      load.signal('SIGUSR2');
    }
  }

  /** Waits until all that was raised has arrived, or the time is over: what is missing then is told. */
  async settled(patienceMs: number, isEnough: (finding: Finding) => boolean = isComplete): Promise<Finding> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const finding = await this.compare();
      if (isEnough(finding) || Date.now() > deadline) return finding;
      await sleep(LOOK_MS);
    }
  }

  async stop(): Promise<void> {
    if (this.#changing !== null) clearInterval(this.#changing);
    await Promise.all([...this.victims, this.#receiver].map((victim) => victim.stop()));
  }

  /** What an agent has committed is read where it died. */
  read(agent: Victim): void {
    this.truth.addSpool(this.#at(agent.name));
    this.truth.addLedger(this.#at(`${agent.name}.ledger`));
  }

  async compare(): Promise<Finding> {
    for (const agent of this.agents) this.read(agent);
    const feeds = [
      ['findings', idsInFeed(this.#at('findings.jsonl'), 'finding')],
      ['webhook', idsInFeed(this.#at('webhook.jsonl'), 'alert')],
    ] as const;
    return compare(this.truth.ids, await this.#options.stored(), new Map(feeds));
  }

  /** Another server stands in the config of the real agent's home: each state of it is an alert. */
  change(): void {
    this.#changes += 1;
    const args = [this.#at('home', `server-${this.#changes}.mjs`)];
    const entries = { mcpServers: { [`s${this.#changes % 20}`]: { command: 'node', args } } };
    this.#write('home/.cursor/mcp.json', entries);
  }

  #at(...parts: string[]): string {
    return this.#options.directory.at(...parts);
  }

  #on(side: Side, command: readonly string[]): readonly string[] {
    return this.#options.network?.on(side, command) ?? command;
  }

  /** JSON is YAML too. It appears whole, or not at all. */
  #write(name: string, content: string | object): string {
    const { directory } = this.#options;
    const path = this.#at(name);
    renameSync(directory.write(`${name}.new`, content, 0o600), path);
    return path;
  }

  #writeCentralConfig(address: string, ports: { readonly agents: number; readonly webhook: number }): string {
    mkdirSync(this.#at('central'), { mode: 0o700, recursive: true });
    const { database } = this.#options;
    const webhook = {
      type: 'webhook',
      name: 'webhook',
      url: `http://127.0.0.1:${ports.webhook}/`,
      allow_http: true,
      secret_file: this.#write('webhook.secret', SECRET),
    };
    return this.#write('central.yml', {
      state_dir: this.#at('central'),
      listen: `${address}:${ports.agents}`,
      names: [address],
      api: { listen: '127.0.0.1:0' },
      feeds: [{ type: 'file', name: 'findings', path: this.#at('findings.jsonl') }, webhook],
      ...(database === undefined ? {} : { database }),
    });
  }

  #makeToken(): void {
    const args = ['--config', this.#config, '--count', TOKEN_USES, '--out', this.#at('token')];
    execFileSync(process.execPath, [MAIN, 'central', 'token', 'create', ...args], { stdio: 'pipe' });
  }

  #realAgent(url: string): Victim {
    mkdirSync(this.#at('home', '.cursor'), { recursive: true });
    mkdirSync(this.#at('agent'), { mode: 0o700 });
    const config = this.#write('agent.yml', {
      state_dir: this.#at('agent'),
      homes: [this.#at('home')],
      pin_dir: null,
      sensor: 'off',
      file_actor: 'off',
      denial: 'report',
      central: { url, token_file: this.#at('token') },
    });
    const command = this.#on('agents', [process.execPath, MAIN, 'agent', 'run', '--config', config]);
    return new Victim('agent', () => command);
  }

  #load(url: string, at: number): Victim {
    const name = `load-${at}`;
    mkdirSync(this.#at(name), { mode: 0o700, recursive: true });
    const words = [process.execPath, ...FROM_SOURCE, program('load-agent'), this.#at(name), url];
    const { spoolBytes } = this.#options;
    const cap = spoolBytes === undefined ? [] : [String(spoolBytes)];
    const places = [this.#at('token'), this.#at(`${name}.ledger`)];
    return new Victim(name, (last) =>
      this.#on('agents', [...words, ...places, String(last ? 0 : this.#options.rate), ...cap]),
    );
  }
}

/** A file that holds the URL of a database, as central's config names it. */
export function urlFile(directory: TempDirectory, url: string): { readonly postgres_url_file: string } {
  const path = directory.at('postgres.url');
  writeFileSync(path, `${url}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
  return { postgres_url_file: path };
}
