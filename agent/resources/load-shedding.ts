import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Health, HealthCode } from '../../wire/index.ts';
import type { Pressure, Room } from './pressure.ts';

/** Milliseconds between two looks at what is left. */
const GAUGE_MS = 5_000;
/** Looks in a row that must find room before a step is taken back. */
const CALM_CHECKS = 6;
/** By how much a share must be under the threshold of a step before that step is taken back. */
const MARGIN = 0.1;
/** Looks in a row that must find the quota in the way: a burst of work is no shortage. */
const CPU_CHECKS = 3;
const MIB = 1024 * 1024;

type Shortage = Extract<HealthCode, 'memory-short' | 'heap-short' | 'cpu-short'>;

/** Shares from which the first, the second and the third step are taken. */
const THRESHOLDS = {
  room: [0.75, 0.85, 0.93],
  stalled: [0.1, 0.2, 0.4],
  throttled: [0.3, 0.3, 0.6],
} as const;
type Thresholds = readonly [number, number, number];

/** Something that is given up for a while. */
export interface Shed {
  /** What is different while it is given up, in words. */
  readonly words: string;
  /** What there is more of without it: dropping caches saves memory and costs time. */
  readonly spares: readonly ('memory' | 'cpu')[];
  readonly shed: () => void;
  readonly restore: () => void;
}

export interface LoadSheddingOptions {
  readonly pressure: () => Pressure;
  /** In the order in which they are given up. */
  readonly steps: readonly [Shed, Shed, Shed];
  readonly onHealth: (health: Health) => void;
  /** After each look. */
  readonly onLook: () => void;
  readonly now?: () => number;
  readonly collectGarbage?: () => void;
}

/** What is short, how many steps that asks for, and in words. */
interface Need {
  readonly code: Shortage;
  readonly spares: 'memory' | 'cpu';
  readonly level: number;
  readonly words: string;
}

/**
 * Gives up one thing after the other while memory or processor time is short, so that the agent goes on with less
 * rather than being killed; takes all of it back, the last first, once there has been room for half a minute.
 */
export class LoadShedding {
  readonly #options: LoadSheddingOptions;
  /** How many steps each kind of shortage has asked for and not let go of. */
  readonly #levels = { memory: 0, cpu: 0 };
  #calm = { memory: 0, cpu: 0 };
  #throttledFor = 0;
  #sinceCollected = Number.POSITIVE_INFINITY;
  #inForce: ReadonlySet<Shed> = new Set();
  #why: Need | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: LoadSheddingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#tell(this.#options.pressure());
    this.#timer = setInterval(() => this.check(), GAUGE_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Looks once at what is left, and gives up or takes back accordingly. */
  check(): void {
    const read = this.#options.pressure();
    const [least] = THRESHOLDS.throttled;
    this.#throttledFor = (read.throttled ?? 0) >= least ? this.#throttledFor + 1 : 0;
    const pressure = this.#withoutGarbage(read);
    const asked = this.#needs(pressure, 0);
    // The same with a margin: a step is not taken back only to be needed again at once.
    const held = this.#needs(pressure, MARGIN);
    for (const spares of ['memory', 'cpu'] as const) this.#follow(spares, asked, held);
    this.#why = worst(asked) ?? this.#why;
    this.#apply(pressure);
    this.#options.onLook();
  }

  /** What V8 has not collected yet is no shortage, unless it has to be collected again and again. */
  #withoutGarbage(pressure: Pressure): Pressure {
    this.#sinceCollected += 1;
    const isAsked = this.#needs(pressure, 0).some(
      ({ spares, level }) => spares === 'memory' && level > this.#levels.memory,
    );
    if (!isAsked || this.#sinceCollected <= CALM_CHECKS) return pressure;
    this.#collect();
    return { ...this.#options.pressure(), throttled: pressure.throttled };
  }

  #collect(): void {
    this.#sinceCollected = 0;
    (this.#options.collectGarbage ?? collectNow)();
  }

  #follow(spares: 'memory' | 'cpu', asked: readonly Need[], held: readonly Need[]): void {
    const most = (needs: readonly Need[]) =>
      Math.max(0, ...needs.filter((need) => need.spares === spares).map(({ level }) => level));
    const level = this.#levels[spares];
    if (most(asked) > level) {
      this.#levels[spares] = most(asked);
      this.#calm[spares] = 0;
    } else if (most(held) >= level) this.#calm[spares] = 0;
    else {
      this.#calm[spares] += 1;
      if (this.#calm[spares] < CALM_CHECKS) return;
      this.#levels[spares] = level - 1;
      this.#calm[spares] = 0;
    }
  }

  #needs({ memory, stalled, heap, throttled }: Pressure, margin: number): readonly Need[] {
    const need = (code: Shortage, share: number | null, thresholds: Thresholds, words: string): Need => ({
      code,
      spares: code === 'cpu-short' ? 'cpu' : 'memory',
      level:
        share === null ? 0 : thresholds.filter((threshold) => share >= threshold - margin * threshold).length,
      words,
    });
    const isThrottled = margin > 0 || this.#throttledFor >= CPU_CHECKS;
    const needs = [
      need('memory-short', shareOf(memory), THRESHOLDS.room, `memory ${roomWords(memory)}`),
      need('memory-short', stalled, THRESHOLDS.stalled, `waits for memory ${percent(stalled)} of the time`),
      need('heap-short', shareOf(heap), THRESHOLDS.room, `JavaScript heap ${roomWords(heap)}`),
      need(
        'cpu-short',
        isThrottled ? throttled : null,
        THRESHOLDS.throttled,
        `held back by the CPU quota ${percent(throttled)} of the time`,
      ),
    ];
    return needs.filter(({ level }) => level > 0);
  }

  #apply(pressure: Pressure): void {
    const { steps } = this.#options;
    const wanted = new Set(
      steps.filter(({ spares }, index) => spares.some((kind) => this.#levels[kind] > index)),
    );
    const added = steps.filter((step) => wanted.has(step) && !this.#inForce.has(step));
    const ended = steps.filter((step) => !wanted.has(step) && this.#inForce.has(step));
    this.#inForce = wanted;
    for (const step of added) step.shed();
    for (const step of ended) step.restore();
    // V8 does not know of the limit of the group: what was let go of would stay until its own is near.
    if (added.some(({ spares }) => spares.includes('memory')) && this.#levels.memory > 0) this.#collect();
    if (added.length + ended.length > 0) this.#tell(pressure);
  }

  #tell({ memory, heap }: Pressure): void {
    const { steps, onHealth, now = Date.now } = this.#options;
    const event = { kind: 'health', time: now(), collector: 'resources' } as const;
    const words = steps.filter((step) => this.#inForce.has(step)).map((step) => step.words);
    if (words.length === 0 || this.#why === null) {
      const room = memory === null ? `JavaScript heap ${roomWords(heap)}` : `memory ${roomWords(memory)}`;
      onHealth({ ...event, state: 'ok', code: null, detail: `nothing is left out: ${room}` });
      return;
    }
    const detail = `${words.length} of ${steps.length} steps (${words.join('; ')}): ${this.#why.words}`;
    onHealth({ ...event, state: 'degraded', code: this.#why.code, detail });
  }
}

function worst(needs: readonly Need[]): Need | null {
  return needs.reduce<Need | null>(
    (most, need) => (most === null || need.level > most.level ? need : most),
    null,
  );
}

function shareOf(room: Room | null): number | null {
  return room === null ? null : room.used / room.limit;
}

function percent(share: number | null): string {
  return `${Math.round((share ?? 0) * 100)} %`;
}

function roomWords(room: Room | null): string {
  if (room === null) return 'without limit';
  return `${percent(shareOf(room))} of ${Math.round(room.limit / MIB)} MiB`;
}

/** Has V8 collect now. The function is only there for contexts made after the flag is set (v8 flag --expose-gc). */
function collectNow(): void {
  setFlagsFromString('--expose-gc');
  try {
    const collect: unknown = runInNewContext('gc');
    if (typeof collect === 'function') collect();
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
