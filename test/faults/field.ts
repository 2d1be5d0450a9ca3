import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { GivenBusSettings, Role } from '../../central/bus/settings.ts';
import { freePort } from '../free-port.ts';
import type { TempDirectory } from '../temp-directory.ts';
import { Balancer } from './balancer.ts';
import { CENTRAL_ADDRESS, type CutNetwork, type Side } from './network.ts';
import { compare, type Finding, idsInFeed, isComplete, Truth } from './proof.ts';
import { Victim } from './victim.ts';

const MAIN = fileURLToPath(new URL('../../dist/bundle/start.js', import.meta.url));
const program = (name: string) => fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
const FROM_SOURCE = ['--disable-warning=ExperimentalWarning', '--experimental-strip-types'];
const LOOK_MS = 1_000;
/** Characters of what each program said last that a failure shows. */
const SAID_CHARS = 1_500;
const SECRET = 'a secret of the fault harness\n';
/** Agents that a token enrols: one that is killed while it enrols takes another use. */
const TOKEN_USES = '100000';

/** A node of central beside the one that has the API and the feeds. */
interface NodePlan {
  readonly name: string;
  readonly role: Extract<Role, 'ingest' | 'writer'>;
  /** Port of agents; of no use to a writer. */
  readonly port: number;
}

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
  /** Central is several nodes, with this between them: so many that take alerts, and so many that write them. */
  readonly bus?: { readonly settings: GivenBusSettings; readonly ingest: number; readonly writers: number };
  /** Runs a program under a clock of its own; the host's where absent. */
  readonly clocked?: (name: string, command: readonly string[]) => readonly string[];
  /** Alerts at central, doubled ones too. */
  readonly stored: () => Promise<readonly string[]>;
}

interface Ports {
  readonly agents: number;
  readonly webhook: number;
}

/** Central with two feeds, the real agent on a home that changes all the time, and agents that only raise alerts. */
export class Field {
  readonly central: Victim;
  /** What central has beside that node, where there is a bus. */
  readonly nodes: readonly Victim[];
  readonly agents: readonly Victim[];
  readonly truth = new Truth();
  readonly #options: FieldOptions;
  readonly #receiver: Victim;
  readonly #balancer: Balancer | null;
  #changes = 0;
  #changing: NodeJS.Timeout | null = null;

  private constructor(options: FieldOptions, ports: Ports, plans: readonly NodePlan[]) {
    this.#options = options;
    const address = options.network === null ? '127.0.0.1' : CENTRAL_ADDRESS;
    const url = `wss://${address}:${ports.agents}`;
    const config = this.#writeCentralConfig(address, ports);
    this.#makeToken(config);
    this.central = this.#centralNode('central', config);
    this.nodes = plans.map((plan) => this.#node(plan, ports));
    const taking = plans.filter(({ role }) => role === 'ingest').map(({ port }) => port);
    this.#balancer = taking.length === 0 ? null : new Balancer(ports.agents, taking);
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
    const { ingest = 0, writers = 0 } = options.bus ?? {};
    const plans: NodePlan[] = [];
    for (let at = 0; at < ingest; at += 1)
      plans.push({ name: `ingest-${at}`, role: 'ingest', port: await freePort() });
    for (let at = 0; at < writers; at += 1)
      plans.push({ name: `writer-${at}`, role: 'writer', port: await freePort() });
    return new Field(options, { agents: await freePort(), webhook: await freePort() }, plans);
  }

  get victims(): readonly Victim[] {
    return [this.central, ...this.nodes, ...this.agents];
  }

  /** One of `victims` by its name. */
  victim(name: string): Victim {
    const found = this.victims.find((victim) => victim.name === name);
    if (found === undefined) throw new RangeError(`there is no ${name}`);
    return found;
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

  /** Starts everything, and waits until it is ready. */
  async start(): Promise<void> {
    this.begin();
    for (const victim of this.victims) victim.start();
    for (const victim of this.victims) await victim.ready();
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
    await this.#balancer?.close();
  }

  /** What an agent has committed is read where it died. */
  read(agent: Victim): void {
    this.truth.addSpool(this.#at(agent.name));
    this.truth.addLedger(this.#at(`${agent.name}.ledger`));
  }

  /** Waits, while the load goes on, until all that is raised by now has arrived, or the time is over. */
  async recovered(patienceMs: number): Promise<Finding> {
    for (const agent of this.agents) this.read(agent);
    const raised = new Set(this.truth.ids);
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const finding = await this.compare(raised);
      if (isComplete(finding) || Date.now() > deadline) return finding;
      await sleep(LOOK_MS);
    }
  }

  /** `raised`: only these are compared; all that was ever raised where absent. */
  async compare(raised?: ReadonlySet<string>): Promise<Finding> {
    for (const agent of this.agents) this.read(agent);
    const stored = (await this.#options.stored()).filter((id) => raised?.has(id) ?? true);
    const feeds = [
      ['findings', idsInFeed(this.#at('findings.jsonl'), 'finding')],
      ['webhook', idsInFeed(this.#at('webhook.jsonl'), 'alert')],
    ] as const;
    return compare(raised ?? this.truth.ids, stored, new Map(feeds));
  }

  /** Everything is everywhere, once at central, and no program has ended by itself. */
  assertWhole(finding: Finding): void {
    const faults = this.victims.flatMap((victim) => victim.faults);
    assert.deepEqual(faults, [], 'nothing ended by itself');
    const said = this.victims.map((victim) => `${victim.name}: ${victim.said.slice(-SAID_CHARS)}`).join('\n');
    assert.deepEqual(finding.missing.slice(0, 10), [], `every alert is at central\n${said}`);
    assert.deepEqual(finding.doubled, []);
    for (const { name, missing } of finding.feeds) assert.deepEqual(missing.slice(0, 10), [], `feed ${name}`);
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

  /** As the program of that name, under its clock. */
  #as(name: string, side: Side, command: readonly string[]): readonly string[] {
    return this.#on(side, this.#options.clocked?.(name, command) ?? command);
  }

  /** JSON is YAML too. It appears whole, or not at all. */
  #write(name: string, content: string | object): string {
    const { directory } = this.#options;
    const path = this.#at(name);
    renameSync(directory.write(`${name}.new`, content, 0o600), path);
    return path;
  }

  #centralNode(name: string, config: string): Victim {
    const command = [process.execPath, MAIN, 'central', 'run', '--config', config];
    return new Victim(name, () => this.#as(name, 'central', command));
  }

  /** A node with the authority of the first one, as its operator would copy it. */
  #node({ name, role, port }: NodePlan, ports: Ports): Victim {
    cpSync(this.#at('central', 'authority'), this.#at(name, 'authority'), { recursive: true });
    chmodSync(this.#at(name), 0o700);
    const place = { name, address: `127.0.0.1:${port}`, roles: [role] };
    return this.#centralNode(name, this.#writeNodeConfig(place, ports));
  }

  #writeCentralConfig(address: string, ports: Ports): string {
    mkdirSync(this.#at('central'), { mode: 0o700, recursive: true });
    this.#write('webhook.secret', SECRET);
    const roles: readonly Role[] = ['api', 'feeds'];
    return this.#writeNodeConfig({ name: 'central', address: `${address}:${ports.agents}`, roles }, ports);
  }

  #writeNodeConfig(
    {
      name,
      address,
      roles,
    }: { readonly name: string; readonly address: string; readonly roles: readonly Role[] },
    ports: Ports,
  ): string {
    const { database, bus } = this.#options;
    const webhook = {
      type: 'webhook',
      name: 'webhook',
      url: `http://127.0.0.1:${ports.webhook}/`,
      allow_http: true,
      secret_file: this.#at('webhook.secret'),
    };
    return this.#write(`${name}.yml`, {
      state_dir: this.#at(name),
      listen: address,
      names: [address.slice(0, address.lastIndexOf(':'))],
      api: { listen: '127.0.0.1:0' },
      feeds: [{ type: 'file', name: 'findings', path: this.#at('findings.jsonl') }, webhook],
      ...(database === undefined ? {} : { database }),
      ...(bus === undefined ? {} : { node: name, roles, bus: bus.settings }),
    });
  }

  #makeToken(config: string): void {
    const args = ['--config', config, '--count', TOKEN_USES, '--out', this.#at('token')];
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
    const command = [process.execPath, MAIN, 'agent', 'run', '--config', config];
    return new Victim('agent', () => this.#as('agent', 'agents', command));
  }

  #load(url: string, at: number): Victim {
    const name = `load-${at}`;
    mkdirSync(this.#at(name), { mode: 0o700, recursive: true });
    const words = [process.execPath, ...FROM_SOURCE, program('load-agent'), this.#at(name), url];
    const { spoolBytes } = this.#options;
    const cap = spoolBytes === undefined ? [] : [String(spoolBytes)];
    const places = [this.#at('token'), this.#at(`${name}.ledger`)];
    return new Victim(name, (last) =>
      this.#as(name, 'agents', [...words, ...places, String(last ? 0 : this.#options.rate), ...cap]),
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
