import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TrackedProcess } from '../../../../collectors/process/ebpf/commands.ts';
import { startOf } from '../../../../collectors/process/proc.ts';

/** A shell that runs what is written to it, line by line, and says when each is over. */
export class Subject {
  readonly pid: number;
  readonly #child: ChildProcess;

  constructor() {
    this.#child = spawn('bash', ['-c', 'while read -r line; do eval "$line"; echo over; done'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.pid = this.#child.pid ?? 0;
  }

  /** The signal that ended it. */
  get ended(): Promise<NodeJS.Signals | null> {
    const { signalCode } = this.#child;
    return signalCode === null
      ? once(this.#child, 'exit').then(([, signal]) => signal)
      : Promise.resolve(signalCode);
  }

  async run(line: string): Promise<void> {
    this.#child.stdin?.write(`${line}\n`);
    if (this.#child.stdout !== null) await once(this.#child.stdout, 'data');
  }

  end(): void {
    this.#child.stdin?.end();
    this.#child.kill('SIGKILL');
  }
}

/** The living process as its sensor is told of it. */
export function trackedAs({ pid }: Subject, tag: string, role: TrackedProcess['role']): TrackedProcess {
  const start = startOf(pid);
  assert.ok(start !== null);
  return { pid, start, tag, root: pid, role };
}
