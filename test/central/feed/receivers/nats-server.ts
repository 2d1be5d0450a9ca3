import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { until } from '../../bench.ts';
import { freePort } from '../bench.ts';

/** nats-server as Debian has it, with JetStream in a directory of the test. */
export class NatsServer {
  readonly port: number;
  readonly #config: string;
  #process: ChildProcess | null = null;

  constructor(config: string, port: number) {
    this.#config = config;
    this.port = port;
  }

  static async start(context: TestContext, directory: string, more = ''): Promise<NatsServer> {
    const port = await freePort();
    const own = join(directory, 'nats');
    mkdirSync(own);
    const config = join(own, 'nats.conf');
    writeFileSync(config, `listen: 127.0.0.1:${port}\njetstream: { store_dir: "${own}" }\n${more}\n`);
    const server = new NatsServer(config, port);
    context.after(() => server.kill());
    await server.run();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async run(): Promise<void> {
    this.#process = spawn('nats-server', ['-c', this.#config], { stdio: 'ignore' });
    await until(
      () =>
        new Promise<boolean>((resolve) => {
          const socket = connect(this.port, '127.0.0.1');
          socket.on('error', () => resolve(false));
          socket.on('data', () => {
            socket.destroy();
            resolve(true);
          });
        }),
    );
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
