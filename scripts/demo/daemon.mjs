import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A running `sealwatch up --json`: its alerts as they reach central, and its own words. */
export class Daemon {
  #child;
  #alerts = [];
  #waiting = [];
  #ready;
  api = '';
  words = [];

  constructor(node, main, args) {
    this.#child = spawn(node, [main, 'up', '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(JSON.parse(line)));
    this.#ready = new Promise((resolve, reject) => {
      createInterface({ input: this.#child.stderr }).on('line', (line) => {
        this.words.push(line);
        if (line.startsWith('alerts ')) this.api = line.replace(/^alerts\s+/, '');
        if (line === 'sealwatch: ready') resolve();
      });
      this.#child.once('exit', () => reject(new Error(`the daemon ended:\n${this.words.join('\n')}`)));
    });
  }

  ready() {
    return this.#ready;
  }

  #receive(alert) {
    this.#alerts.push(alert);
    this.#waiting = this.#waiting.filter((check) => !check());
  }

  /** Every alert so far. */
  get alerts() {
    return this.#alerts;
  }

  /** The first alert that fits, or null after `ms` milliseconds. */
  alert(fits, ms) {
    return new Promise((resolve) => {
      const check = () => {
        const found = this.#alerts.find(fits);
        if (found === undefined) return false;
        clearTimeout(timer);
        resolve(found);
        return true;
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== check);
        resolve(null);
      }, ms);
      if (!check()) this.#waiting.push(check);
    });
  }

  async stop() {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
