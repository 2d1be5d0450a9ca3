import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { between, type Span } from '../random.ts';

/** Characters of what a program said last. */
const SAID_CHARS = 4_000;
/** Milliseconds that a program may take to stop when it is asked to. */
const STOP_MS = 30_000;

/** The share of kills that do not wait for the program to be ready. */
const EARLY = 0.3;
/** Milliseconds until a program must be ready; a cut network does not keep it from that. */
const READY_MS = 60_000;
const LOOK_MS = 20;

/** A program that is started and killed again and again. */
export class Victim {
  readonly name: string;
  kills = 0;
  /** Why it ended by itself, where it did: it must not. */
  readonly faults: string[] = [];
  readonly #command: (last: boolean) => readonly string[];
  #child: ChildProcess | null = null;
  #said = '';
  #isReady = false;

  /** `command` is asked before each life; `last`: no kill will follow. */
  constructor(name: string, command: (last: boolean) => readonly string[]) {
    this.name = name;
    this.#command = command;
  }

  get said(): string {
    return this.#said;
  }

  start(last = false): void {
    const [program = '', ...args] = this.#command(last);
    this.#said = '';
    this.#isReady = false;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#said = (this.#said + chunk.toString()).slice(-SAID_CHARS);
        this.#isReady ||= /(?:^|: )ready$/m.test(this.#said);
      });
    }
    child.on('exit', (code, signal) => {
      if (this.#child === child)
        this.faults.push(`${this.name} ended by itself (${code ?? signal}): ${this.#said}`);
    });
    this.#child = child;
  }

  /** Waits until it says that it is ready, or has ended. */
  async ready(): Promise<void> {
    const deadline = Date.now() + READY_MS;
    while (!this.#isReady && this.faults.length === 0) {
      if (Date.now() > deadline) throw new Error(`${this.name} does not get ready: ${this.#said}`);
      await sleep(LOOK_MS);
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
    this.kills += 1;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }

  /** Kills it at random moments of its lives until `isOver`, and starts it a last time. */
  async haunt(life: Span, random: () => number, isOver: () => boolean, onDead: () => void): Promise<void> {
    while (!isOver()) {
      this.start();
      if (random() >= EARLY) await this.ready();
      await sleep(between(life, random));
      await this.kill();
      onDead();
    }
    this.start(true);
  }
}
