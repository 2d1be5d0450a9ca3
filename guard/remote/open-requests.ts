import type { RequestId } from '../session/message.ts';
import type { Outgoing } from './outgoing.ts';

interface OpenRequest {
  readonly id: RequestId;
  readonly outgoing: Outgoing;
}

/** The client's requests that have no answer yet. */
export class OpenRequests {
  readonly #open = new Map<string, OpenRequest>();
  #onEmpty: (() => void)[] = [];

  get size(): number {
    return this.#open.size;
  }

  add(outgoing: Outgoing): void {
    for (const id of outgoing.ids) this.#open.set(JSON.stringify(id), { id, outgoing });
  }

  /** Those of one message that are still open. */
  of(outgoing: Outgoing): readonly RequestId[] {
    return outgoing.ids.filter((id) => this.#open.get(JSON.stringify(id))?.outgoing === outgoing);
  }

  all(): readonly Outgoing[] {
    return [...new Set([...this.#open.values()].map(({ outgoing }) => outgoing))];
  }

  /** Ends a request; gives the message it was in, or null where it is not open. */
  settle(id: RequestId): Outgoing | null {
    const key = JSON.stringify(id);
    const found = this.#open.get(key);
    this.#open.delete(key);
    if (this.#open.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
    return found?.outgoing ?? null;
  }

  /** Resolves when every request was answered. */
  async empty(): Promise<void> {
    if (this.#open.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }
}
