import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';

const MAX_FIGURES_BYTES = 64 * 1024;
const MICROSECONDS_IN_MS = 1_000;

/** Bytes that are taken, and that may be. */
export interface Room {
  readonly used: number;
  readonly limit: number;
}

/** How short this process is of what it may use; null where there is no limit, or nobody says. */
export interface Pressure {
  /** Of the control group, without what the kernel takes back by itself. */
  readonly memory: Room | null;
  /** Share of the last ten seconds in which something of the group waited for memory. */
  readonly stalled: number | null;
  /** Of V8; beyond it Node ends. */
  readonly heap: Room;
  /** Share of the time since the last reading in which the group was kept from running by its CPU quota. */
  readonly throttled: number | null;
}

export interface PressureOptions {
  /** Where cgroup v2 is mounted. */
  readonly cgroupRoot?: string;
  readonly procRoot?: string;
  readonly heap?: () => Room;
  /** Milliseconds of a clock that nobody sets. */
  readonly clock?: () => number;
}

/**
 * Reads the pressure on this process from its control group (Linux, Documentation/admin-guide/cgroup-v2.rst: memory.*,
 * cpu.stat; Documentation/accounting/psi.rst) and from V8. Where no memory controller of cgroup v2 is, only V8 tells.
 */
export class PressureGauge {
  readonly #group: string | null;
  readonly #heap: () => Room;
  readonly #clock: () => number;
  #last: { readonly time: number; readonly throttledMs: number } | null = null;

  constructor({ cgroupRoot = '/sys/fs/cgroup', procRoot = '/proc', heap, clock }: PressureOptions = {}) {
    const path = /^0::(\/.*)$/m.exec(textOf(join(procRoot, 'self', 'cgroup')) ?? '')?.[1];
    this.#group = path === undefined ? null : join(cgroupRoot, path);
    this.#heap = heap ?? heapRoom;
    this.#clock = clock ?? (() => performance.now());
  }

  read(): Pressure {
    return {
      memory: this.#memory(),
      stalled: this.#stalled(),
      heap: this.#heap(),
      throttled: this.#throttled(),
    };
  }

  #file(name: string): string | null {
    return this.#group === null ? null : textOf(join(this.#group, name));
  }

  #memory(): Room | null {
    const current = bytes(this.#file('memory.current'));
    // Over `high` the kernel slows the group down; at `max` it kills.
    const limits = ['memory.high', 'memory.max'].map(
      (name) => bytes(this.#file(name)) ?? Number.POSITIVE_INFINITY,
    );
    const limit = Math.min(...limits);
    if (current === null || !Number.isFinite(limit) || limit === 0) return null;
    const stat = this.#file('memory.stat') ?? '';
    const taken = ['inactive_file', 'active_file', 'slab_reclaimable'].map((name) => figure(stat, name) ?? 0);
    return { used: Math.max(0, current - taken.reduce((sum, part) => sum + part, 0)), limit };
  }

  #stalled(): number | null {
    const percent = /^some avg10=(\d+(?:\.\d+)?) /m.exec(this.#file('memory.pressure') ?? '')?.[1];
    return percent === undefined ? null : Number(percent) / 100;
  }

  #throttled(): number | null {
    const total = figure(this.#file('cpu.stat') ?? '', 'throttled_usec');
    if (total === null) return null;
    const before = this.#last;
    const now = { time: this.#clock(), throttledMs: total / MICROSECONDS_IN_MS };
    this.#last = now;
    if (before === null || now.time <= before.time) return null;
    return Math.max(0, (now.throttledMs - before.throttledMs) / (now.time - before.time));
  }
}

function heapRoom(): Room {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return { used, limit };
}

/** A file of the kernel's; null where it is not there or makes no sense. */
function textOf(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length > MAX_FIGURES_BYTES ? null : text;
  } catch {
    return null;
  }
}

/** `max` is no limit. */
function bytes(text: string | null): number | null {
  return text !== null && /^\d+\n?$/.test(text) ? Number(text) : null;
}

function figure(text: string, name: string): number | null {
  const digits = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
