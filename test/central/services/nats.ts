import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haveProgram } from '../../debian-package.ts';
import { freePorts } from '../../free-port.ts';

/** Milliseconds between two looks whether a server is healthy. */
const LOOK_MS = 50;
/** Characters of a server's log that an error shows. */
const LOG_CHARACTERS = 2_000;
const PORTS_PER_NODE = 3;
const MAX_PAYLOAD = 8 * 1024 ** 2;

let isThere: boolean | undefined;

/** For a test's `skip`: why nats-server cannot run here, or false. */
export function withoutNats(): string | false {
  isThere ??= haveProgram('nats-server', 'nats-server');
  return !isThere && 'nats-server is not installed and cannot be';
}

/** What a test changes of a cluster. */
export interface NatsSettings {
  /** Servers: 1, or an odd number that agree on what is stored. */
  readonly nodes?: number;
  /** TLS of the clients' port; files that the server reads. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** What stands in place of `authorization` by user and password; empty: nobody is asked. */
  readonly authorization?: string;
  /** Bytes of a message; the default is what the bus asks for. */
  readonly maxPayload?: number;
  /** Lines that go into every server's file as they are. */
  readonly lines?: readonly string[];
}

/** One nats-server with JetStream in a directory of its own; its ports stay the same over stops. */
export class NatsNode {
  readonly port: number;
  readonly #directory: string;
  readonly #monitorPort: number;
  #server: ChildProcess | null = null;

  constructor(directory: string, port: number, monitorPort: number, config: string) {
    this.#directory = directory;
    this.port = port;
    this.#monitorPort = monitorPort;
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(join(directory, 'nats.conf'), config, { mode: 0o600 });
  }

  /** `host:port` */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Null while it is stopped. */
  get pid(): number | null {
    return this.#server?.pid ?? null;
  }

  /** Starts the process without waiting. A test that is killed takes it along. */
  launch(): void {
    const args = ['-c', join(this.#directory, 'nats.conf'), '-l', this.#logFile];
    this.#server = spawn('setpriv', ['--pdeathsig=KILL', '--', 'nats-server', ...args], { stdio: 'ignore' });
  }

  /** Waits until JetStream serves, and what this server holds is as new as that of the others. */
  async healthy(): Promise<void> {
    while (!(await this.#isHealthy())) {
      const server = this.#server;
      if (server === null || server.exitCode !== null || server.signalCode !== null)
        throw new Error(`nats-server ended: ${this.#log()}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async start(): Promise<void> {
    this.launch();
    await this.healthy();
  }

  /** Ends it cleanly. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** SIGSTOP: its connections stay, and nothing answers. */
  freeze(): void {
    this.#server?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#server?.kill('SIGCONT');
  }

  async #isHealthy(): Promise<boolean> {
    return await fetch(`http://127.0.0.1:${this.#monitorPort}/healthz`).then(
      (response) => response.ok,
      () => false,
    );
  }

  get #logFile(): string {
    return join(this.#directory, 'log');
  }

  #log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8').slice(-LOG_CHARACTERS) : '';
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  }
}

/** A real NATS with JetStream on loopback, one server or several, with a user and a password. */
export class NatsCluster {
  readonly user = 'sealwatch';
  readonly password: string;
  readonly nodes: readonly NatsNode[];
  readonly #directory: string;

  private constructor(directory: string, password: string, nodes: readonly NatsNode[]) {
    this.#directory = directory;
    this.password = password;
    this.nodes = nodes;
  }

  static async open(settings: NatsSettings = {}): Promise<NatsCluster> {
    const { nodes = 1, tls, maxPayload = MAX_PAYLOAD, lines = [] } = settings;
    const directory = mkdtempSync(join(tmpdir(), 'sealwatch-nats-'));
    const password = randomBytes(12).toString('hex');
    const { authorization = `authorization { user: sealwatch, password: "${password}" }` } = settings;
    const ports = await freePorts(nodes * PORTS_PER_NODE);
    const port = (node: number, which: number) => ports[node * PORTS_PER_NODE + which] ?? 0;
    const indices = [...Array(nodes).keys()];
    const routes = indices.map((node) => `nats://127.0.0.1:${port(node, 2)}`).join(', ');
    const made = indices.map((node) => {
      const own = join(directory, `n${node}`);
      const config = [
        `server_name: n${node}`,
        `listen: 127.0.0.1:${port(node, 0)}`,
        `http: 127.0.0.1:${port(node, 1)}`,
        `jetstream { store_dir: "${join(own, 'store')}", max_file_store: 1GB, max_memory_store: 64MB }`,
        `max_payload: ${maxPayload}`,
        authorization,
        ...(tls === undefined ? [] : [`tls { cert_file: "${tls.cert}", key_file: "${tls.key}" }`]),
        ...(nodes === 1
          ? []
          : [`cluster { name: test, listen: 127.0.0.1:${port(node, 2)}, routes: [${routes}] }`]),
        ...lines,
      ];
      return new NatsNode(own, port(node, 0), port(node, 1), `${config.join('\n')}\n`);
    });
    const cluster = new NatsCluster(directory, password, made);
    try {
      await cluster.start();
      return cluster;
    } catch (error) {
      await cluster.destroy();
      throw error;
    }
  }

  /** `host:port` of every server. */
  get servers(): readonly string[] {
    return this.nodes.map(({ address }) => address);
  }

  node(index: number): NatsNode {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`there is no server ${index}`);
    return node;
  }

  /** Starts the servers that do not run, together: each waits for the others. */
  async start(): Promise<void> {
    for (const node of this.nodes) if (node.pid === null) node.launch();
    for (const node of this.nodes) await node.healthy();
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** Kills every server and removes what they stored. */
  async destroy(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: LOOK_MS });
  }
}
