// Starts the programs of bench:central and asks them.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const here = import.meta.dirname;

/** A central in a process of its own. */
export class Node {
  #child;

  static async start(settings) {
    const node = new Node();
    node.#child = fork(join(here, 'central-node.mjs'), [JSON.stringify(settings)], {
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [told] = await Promise.race([
      once(node.#child, 'message'),
      once(node.#child, 'exit').then(() => {
        throw new Error('central did not start');
      }),
    ]);
    Object.assign(node, told);
    return node;
  }

  async usage() {
    this.#child.send('usage');
    return (await once(this.#child, 'message'))[0];
  }

  async stop() {
    const ended = once(this.#child, 'exit');
    this.#child.send('stop');
    await ended;
  }

  async kill() {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** The fleet, spread over some processes: one holds no more sockets than its descriptors allow. */
export class Fleet {
  #children;

  /** @param {{ size: number, processes: number, directory: string }} options */
  static async enrol({ size, processes, directory }) {
    const fleet = new Fleet();
    fleet.#children = Array.from({ length: processes }, () =>
      fork(join(here, 'central-fleet.mjs'), {
        execArgv: ['--disable-warning=ExperimentalWarning'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    );
    const each = Math.ceil(size / processes);
    await fleet.#all((index) => ({
      deed: 'enrol',
      directory,
      first: 1 + index * each,
      count: Math.min(each, size - index * each),
      addresses: Array.from({ length: 8 }, (_, number) => `127.0.${1 + index}.${1 + number}`),
    }));
    return fleet;
  }

  open(url, comesBack = false) {
    return this.#all(() => ({ deed: 'open', url, comesBack }));
  }

  async stream({ perSecond, senders, ...wish }) {
    const { length } = this.#children;
    const answers = await this.#all(() => ({
      deed: 'stream',
      ...wish,
      perSecond: perSecond / length,
      count: Math.ceil(senders / length),
    }));
    return {
      alerts: answers.reduce((sum, { alerts }) => sum + alerts, 0),
      times: answers.flatMap(({ times }) => times).sort((a, b) => a - b),
    };
  }

  /** When the last agent was welcomed again, milliseconds since the epoch. */
  async returned() {
    return Math.max(...(await this.#all(() => ({ deed: 'returned' }))).map(({ at }) => at));
  }

  close() {
    return this.#all(() => ({ deed: 'close' }));
  }

  end() {
    for (const child of this.#children) child.kill();
  }

  async #all(wishOf) {
    return await Promise.all(
      this.#children.map(async (child, index) => {
        const answered = once(child, 'message');
        child.send(wishOf(index));
        const [{ answer, fault }] = await answered;
        if (fault !== undefined) throw new Error(fault);
        return answer;
      }),
    );
  }
}
