import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { TempDirectory } from '../temp-directory.ts';
import { type Answer, MAIN, runBuilt } from './built.ts';

export const SECRET = 'the secret of a webhook';

/** Central by its config file, and the commands that work on it. */
export class Place extends TempDirectory {
  readonly config: string;
  #child: ChildProcess | null = null;
  log = '';
  readonly url: string;
  /** Where agents connect. */
  readonly agentUrl: string;

  constructor(ports: { readonly agents: number; readonly api: number }, more: object = {}) {
    super();
    this.url = `http://127.0.0.1:${ports.api}`;
    this.agentUrl = `wss://127.0.0.1:${ports.agents}`;
    this.write('webhook.secret', SECRET, 0o600);
    const webhook = { type: 'webhook', name: 'hook', url: 'http://127.0.0.1:9/', allow_http: true };
    this.config = this.write(
      'central.yml',
      {
        state_dir: this.at('state'),
        listen: `127.0.0.1:${ports.agents}`,
        api: { listen: `127.0.0.1:${ports.api}` },
        feeds: [
          { type: 'file', name: 'findings', path: this.at('findings.jsonl') },
          { ...webhook, secret_file: this.at('webhook.secret') },
        ],
        ...more,
      },
      0o600,
    );
    this.write('state/.keep', '', 0o600);
    chmodSync(this.at('state'), 0o700);
  }

  /** With settings beside those that every test has. */
  static async make(more: object = {}): Promise<Place> {
    return new Place({ agents: await freePort(), api: await freePort() }, more);
  }

  central(...args: readonly string[]): Answer {
    return runBuilt(['central', ...args, '--config', this.config]);
  }

  /** Runs central until the test, or whatever else ends, is over. */
  async start(context: { after(undo: () => unknown): void }): Promise<void> {
    const child = spawn(process.execPath, [MAIN, 'central', 'run', '--config', this.config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    context.after(() => child.kill('SIGKILL'));
    child.stderr.on('data', (chunk: Buffer) => {
      this.log += chunk.toString();
    });
    while (!this.log.includes('sealwatch: ready')) {
      assert.equal(child.exitCode, null, this.log);
      await sleep(50);
    }
  }

  /** Null where central was never started. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}
