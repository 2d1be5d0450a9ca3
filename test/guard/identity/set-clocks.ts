import type { Clocks } from '../../../guard/identity/token-file.ts';
import { NOW_MS } from '../../approval/identity/token-key.ts';

/** Clocks that stand until a test moves them. */
export class SetClocks implements Clocks {
  #wallMs = NOW_MS;
  #monotonicMs = 1_000;
  /** The middle: no jitter. */
  chance = 0.5;
  readonly wallMs = () => this.#wallMs;
  readonly monotonicMs = () => this.#monotonicMs;
  readonly random = () => this.chance;

  pass(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** Somebody sets the wall clock, or the host slept. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }
}
