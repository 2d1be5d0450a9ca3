import { execFileSync } from 'node:child_process';

/** Addresses of the two ends of the wire. */
export const CENTRAL_ADDRESS = '10.213.7.1';
const AGENTS_ADDRESS = '10.213.7.2';

export type Side = 'central' | 'agents';
/** `link`: the interface goes down and its routes with it. `drop`: packets vanish, and nobody is told. */
export const CUTS = ['link', 'drop'] as const;
export type Cut = (typeof CUTS)[number];

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Why there are no network namespaces here; false where there are. */
export function withoutNamespaces(): string | false {
  if (process.getuid?.() !== 0) return 'network namespaces need root: the network is not cut';
  const probe = `swf-probe-${process.pid}`;
  try {
    ip('netns', 'add', probe);
    ip('netns', 'delete', probe);
    return false;
  } catch (error) {
    return `there are no network namespaces (${String(error)}): the network is not cut`;
  }
}

/** Central in one network namespace, its agents in another, and a wire between them that can be cut. */
export class CutNetwork implements Disposable {
  readonly #names: Readonly<Record<Side, string>>;

  constructor() {
    this.#names = { central: `swf-${process.pid}-c`, agents: `swf-${process.pid}-a` };
    const { central, agents } = this.#names;
    for (const name of [central, agents]) ip('netns', 'add', name);
    ip('link', 'add', 'wire', 'netns', central, 'type', 'veth', 'peer', 'name', 'wire', 'netns', agents);
    for (const [name, address] of [
      [central, CENTRAL_ADDRESS],
      [agents, AGENTS_ADDRESS],
    ] as const) {
      ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'wire');
      for (const device of ['lo', 'wire']) ip('-n', name, 'link', 'set', device, 'up');
    }
  }

  /** The command that runs another one on a side, under the same pid. */
  on(side: Side, command: readonly string[]): readonly string[] {
    return ['ip', 'netns', 'exec', this.#names[side], ...command];
  }

  cut(side: Side, cut: Cut): void {
    if (cut === 'link') ip('-n', this.#names[side], 'link', 'set', 'wire', 'down');
    else this.#filter(side, '-I');
  }

  mend(side: Side, cut: Cut): void {
    if (cut === 'link') ip('-n', this.#names[side], 'link', 'set', 'wire', 'up');
    else this.#filter(side, '-D');
  }

  #filter(side: Side, action: '-I' | '-D'): void {
    ip('netns', 'exec', this.#names[side], 'iptables', '-w', action, 'INPUT', '-i', 'wire', '-j', 'DROP');
  }

  [Symbol.dispose](): void {
    for (const name of Object.values(this.#names)) ip('netns', 'delete', name);
  }
}
