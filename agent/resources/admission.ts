import type { CollectorEvent, Loss } from '../../wire/index.ts';

/** Milliseconds between two reports of what was left out. */
const TELL_MS = 60_000;
/** Deeds of processes of each kind that are looked at in one second while not all are. */
const DEEDS_PER_S = 100;
const SECOND_MS = 1_000;

/**
 * Deeds that come in floods. Starts and ends of processes are never left out, since they say who belongs to a server;
 * neither is what hardly ever happens.
 */
type Flooding = Extract<
  CollectorEvent,
  { kind: 'file_open' | 'file_write' | 'inode_change' | 'process_socket' }
>;
const FLOODING: ReadonlySet<string> = new Set([
  'file_open',
  'file_write',
  'inode_change',
  'process_socket',
] satisfies readonly Flooding['kind'][]);

function isFlooding(event: CollectorEvent): event is Flooding {
  return FLOODING.has(event.kind);
}

/** Leaves out what can be done without while the agent is short of memory or processor time, and counts it. */
export class Admission {
  readonly #onLoss: (loss: Loss) => void;
  readonly #isMember: (pid: number) => boolean;
  readonly #now: () => number;
  #isNarrow = false;
  #second = 0;
  readonly #taken = new Map<CollectorEvent['kind'], number>();
  #deeds = 0;
  #inSubtrees = 0;
  #outside = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** `isMember` says whether a process belongs to a server. */
  constructor(
    onLoss: (loss: Loss) => void,
    isMember: (pid: number) => boolean,
    now: () => number = Date.now,
  ) {
    this.#onLoss = onLoss;
    this.#isMember = isMember;
    this.#now = now;
  }

  narrow(isNarrow: boolean): void {
    this.#isNarrow = isNarrow;
  }

  /** Whether an event is looked at. */
  takes(event: CollectorEvent): boolean {
    if (!this.#isNarrow || !isFlooding(event)) return true;
    const { kind, pid } = event;
    const second = Math.floor(this.#now() / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken.clear();
    }
    // By kind: who floods with one hides none of another.
    const taken = (this.#taken.get(kind) ?? 0) + 1;
    this.#taken.set(kind, taken);
    if (taken <= DEEDS_PER_S) return true;
    this.#deeds += 1;
    if (this.#isMember(pid)) this.#inSubtrees += 1;
    return false;
  }

  /** Whether the start of a process that belongs to no server is looked at. */
  takesOutside(): boolean {
    if (this.#isNarrow) this.#outside += 1;
    return !this.#isNarrow;
  }

  /** Tells what was left out since it was last told: at once when all is looked at again, else once a minute. */
  tell(): void {
    const count = this.#deeds + this.#outside;
    const now = this.#now();
    if (count === 0 || (this.#isNarrow && now - this.#toldAt < TELL_MS)) return;
    const detail =
      `memory or processor time was short: ${this.#deeds} deeds of processes over ${DEEDS_PER_S} of a kind a second, ` +
      `and ${this.#outside} starts outside of all servers were not looked at`;
    this.#toldAt = now;
    const lost = { count, in_subtrees: this.#inSubtrees };
    this.#deeds = 0;
    this.#inSubtrees = 0;
    this.#outside = 0;
    this.#onLoss({ kind: 'loss', time: now, stage: 'resources', ...lost, detail });
  }
}
