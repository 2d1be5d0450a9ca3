import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CentralOptions } from '../../../central/index.ts';

const RUNNER = fileURLToPath(new URL('../programs/run-node.ts', import.meta.url));

/** One node of central in a process of its own. */
export class Node {
  readonly url: string;
  /** Empty on a node that takes no agents. */
  readonly agentUrl: string;
  readonly #process: ChildProcess;

  private constructor(url: string, agentUrl: string, process: ChildProcess) {
    this.url = url;
    this.agentUrl = agentUrl;
    this.#process = process;
  }

  /** Starts a node that ends with the test. Answers once it listens. */
  static async start(context: TestContext, options: Partial<CentralOptions>): Promise<Node> {
    const flags = ['--disable-warning=ExperimentalWarning', '--experimental-strip-types'];
    const child = spawn(process.execPath, [...flags, RUNNER, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    context.after(() => child.kill('SIGKILL'));
    const [line] = await once(child.stdout, 'data');
    const [url = '', agentUrl = ''] = String(line).trim().split(' ');
    return new Node(url, agentUrl, child);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
  }

  /** Stops it where it stands, and lets it go on. */
  suspend(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }
}
