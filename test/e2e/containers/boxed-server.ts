import { type ChildProcess, spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { until } from '../host.ts';

/** A server in a container, as its client holds it: each line that it gets is run in a shell. */
export class BoxedServer {
  readonly #child: ChildProcess;
  readonly #words: string;
  #said = '';

  constructor(context: TestContext, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#words = [command, ...args].join(' ');
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child.stdout?.on('data', (text: Buffer) => {
      this.#said += String(text);
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#said += String(text);
    });
    context.after(() => this.end());
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Runs a shell command inside, to its end; answers what it said. */
  async run(line: string): Promise<string> {
    const from = this.#said.length;
    this.#child.stdin?.write(`${line}\n`);
    const said = () => this.#said.slice(from);
    await until(
      () => `${line} in ${this.#words}; it said: ${said()}`,
      () => {
        if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.#said}`);
        return said().includes('done\n');
      },
    );
    return said()
      .replace(/done\n$/, '')
      .trim();
  }

  /** Ends its stdin and waits for its end; one that does not end is ended. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    const hasEnded = () => this.#child.exitCode !== null || this.#child.signalCode !== null;
    try {
      await until(`the end of ${this.#words}`, hasEnded);
    } finally {
      if (!hasEnded()) this.#child.kill('SIGKILL');
    }
  }
}
