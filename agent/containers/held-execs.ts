import type { ProcessExec } from '../../wire/index.ts';

/** Images that are held at once; the oldest go first. */
const MAX_HELD = 2_048;

/** The images of processes that belong to nobody, while it may turn out that they ran in a server's container. */
export class HeldExecs {
  #held: ProcessExec[] = [];
  #lastDropped = 0;

  hold(event: ProcessExec): void {
    this.#held.push(event);
    if (this.#held.length <= MAX_HELD) return;
    this.#lastDropped = this.#held.shift()?.time ?? 0;
  }

  /**
   * Takes out those of a container, in order. Its pid namespace counts only where it has no control group of its own
   * (0): the next container gets the same one, while a control group is never named twice.
   */
  take(cgroup: number, pidNamespace: number, since: number): readonly ProcessExec[] {
    const isOf = ({ image, time }: ProcessExec) =>
      cgroup === 0
        ? pidNamespace !== 0 && image?.pid_namespace === pidNamespace && time >= since
        : image?.cgroup === cgroup;
    const taken = this.#held.filter(isOf);
    if (taken.length > 0) this.#held = this.#held.filter((event) => !isOf(event));
    return taken;
  }

  /** Whether one was dropped at or after a time in milliseconds since the epoch. */
  droppedSince(time: number): boolean {
    return this.#lastDropped >= time;
  }

  clear(): void {
    this.#held = [];
    this.#lastDropped = 0;
  }
}
