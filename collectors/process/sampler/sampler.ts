import { setTimeout as delay } from 'node:timers/promises';
import si from 'systeminformation';
import type { HealthCode, ProcessExec, Standing } from '../../../wire/index.ts';
import type { Collector, EventSink } from '../../collector.ts';
import { CollectorError } from '../../errors.ts';
import { readProcess, readStat } from '../proc.ts';
import { bootTime, fromSystem, type SystemProcess } from './system-process.ts';

const DEFAULT_INTERVAL_MS = 1000;
/** `systeminformation` gives the same list again for so long (lib/processes.js). */
const SYSTEM_CACHE_MS = 500;
/** Outside Linux a start is computed from an age in seconds, so that it trembles. */
const START_TREMBLE_TICKS = 300;

export interface SamplerOptions {
  /** Milliseconds from one sample to the next; 1000 unless told, and at least 500 with `systeminformation`. */
  readonly intervalMs?: number;
  /** Why there is nothing better, in words; goes into the health line. */
  readonly reason?: string;
  /** The same as a code; `sensor-off` unless told. */
  readonly code?: HealthCode;
  readonly platform?: NodeJS.Platform;
  readonly procRoot?: string;
  readonly now?: () => number;
  /** Lists the processes; `systeminformation` unless told. */
  readonly list?: () => Promise<readonly SystemProcess[]>;
}

export interface SamplerCollector extends Collector {
  readonly name: 'process/sampler';
  /** Takes a sample now, or after the one under way; resolves once its events are with the sink. */
  sync(): Promise<void>;
}

interface Known {
  readonly event: ProcessExec;
  /** The command line as the sample shows it: where it changes, the process may have run execve. */
  readonly shown: string;
}

/** Lists processes by `systeminformation`, and waits where it would give its last list again. */
function listBySystem(): () => Promise<readonly SystemProcess[]> {
  let last: readonly SystemProcess[] | undefined;
  return async () => {
    let { list } = await si.processes();
    while (list === last && list.length > 0) {
      await delay(SYSTEM_CACHE_MS / 5);
      list = (await si.processes()).list;
    }
    last = list;
    return list;
  };
}

function isSame(a: ProcessExec, b: ProcessExec): boolean {
  return a.exe === b.exe && a.argv.length === b.argv.length && a.argv.every((arg, i) => arg === b.argv[i]);
}

/** Compares one list of processes with the one before. */
class SystemSampler implements SamplerCollector {
  readonly name = 'process/sampler';
  readonly #options: SamplerOptions;
  readonly #intervalMs: number;
  readonly #listProcesses: () => Promise<readonly SystemProcess[]>;
  readonly #known = new Map<number, Known>();
  readonly #boot: number;
  #sink: EventSink = () => {};
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  #skipped = 0;
  #failing = false;

  constructor(options: SamplerOptions) {
    this.#options = options;
    const least = options.list === undefined ? SYSTEM_CACHE_MS : 1;
    this.#intervalMs = Math.max(options.intervalMs ?? DEFAULT_INTERVAL_MS, least);
    this.#listProcesses = options.list ?? listBySystem();
    this.#boot = bootTime(this.#now());
  }

  async start(sink: EventSink): Promise<void> {
    this.#sink = sink;
    const list = await this.#list();
    if (list.length === 0)
      throw new CollectorError('COLLECTOR_UNSUPPORTED', 'the processes of this host cannot be listed', {
        hint: 'check that `ps` is installed',
      });
    if (this.#stopped) return;
    this.#sampling();
    for (const found of list) {
      const event = await this.#describe(found, 'sweep');
      if (event === null || this.#stopped) continue;
      this.#known.set(found.pid, { event, shown: shownOf(found) });
      this.#sink(event);
    }
    if (!this.#stopped) this.#timer = setInterval(() => this.#tick(), this.#intervalMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async sync(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    await this.#run();
  }

  #tick(): void {
    if (this.#running === undefined) void this.#run();
    else this.#skipped++;
  }

  #run(): Promise<void> {
    this.#running = this.#sample().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #sample(): Promise<void> {
    const list = await this.#list();
    if (this.#stopped) return;
    if (list.length === 0) {
      if (!this.#failing)
        this.#health(
          { state: 'failed', code: 'processes-unlistable' },
          'the processes of this host cannot be listed',
        );
      this.#failing = true;
      return;
    }
    if (this.#failing) this.#sampling();
    this.#failing = false;
    this.#tellEnded(new Set(list.map(({ pid }) => pid)));
    for (const found of list) if (!this.#stopped) await this.#compare(found);
    this.#tellSkipped();
  }

  async #list(): Promise<readonly SystemProcess[]> {
    try {
      return await this.#listProcesses();
    } catch {
      return [];
    }
  }

  #tellEnded(alive: ReadonlySet<number>): void {
    for (const [pid, { event }] of this.#known) if (!alive.has(pid)) this.#tellExit(event);
  }

  #tellExit({ pid, start }: ProcessExec): void {
    this.#known.delete(pid);
    const time = this.#now();
    this.#sink({ kind: 'process_exit', time, source: 'sampler', pid, start, exit_code: null, uid: null });
  }

  async #compare(found: SystemProcess): Promise<void> {
    const before = this.#known.get(found.pid);
    const shown = shownOf(found);
    if (before !== undefined && shown === before.shown && (await this.#isStill(before.event, found))) return;
    const event = await this.#describe(found, 'sampler');
    if (event === null || this.#stopped) return;
    const same = before !== undefined && this.#isOne(before.event, event);
    const kept = same ? { ...event, start: before.event.start } : event;
    if (before !== undefined && !same) this.#tellExit(before.event);
    this.#known.set(found.pid, { event: kept, shown });
    if (same && isSame(before.event, kept)) return;
    const { time, source, pid, ppid, start, uid } = kept;
    if (!same) this.#sink({ kind: 'process_fork', time, source, pid, ppid, start, uid, member: null });
    this.#sink(kept);
  }

  /** Whether a pid with the same command line is still the same process. */
  async #isStill(before: ProcessExec, found: SystemProcess): Promise<boolean> {
    if (this.#isLinux()) return (await readStat(this.#procRoot(), found.pid))?.start === before.start;
    return this.#isOne(before, fromSystem(found, 'sampler', 0, this.#boot));
  }

  #isOne(a: ProcessExec, b: ProcessExec): boolean {
    return Math.abs(a.start - b.start) <= (this.#isLinux() ? 0 : START_TREMBLE_TICKS);
  }

  async #describe(found: SystemProcess, source: 'sampler' | 'sweep'): Promise<ProcessExec | null> {
    if (this.#isLinux()) return readProcess(this.#procRoot(), found.pid, source, this.#now());
    // The `ps` that makes the list is in the list.
    if (found.parentPid === process.pid && / ?ps -axo pid/.test(shownOf(found))) return null;
    return fromSystem(found, source, this.#now(), this.#boot);
  }

  #tellSkipped(): void {
    const count = this.#skipped;
    if (count === 0) return;
    this.#skipped = 0;
    const detail = `samples of the process list left out: one took longer than ${this.#intervalMs} ms`;
    this.#sink({ kind: 'loss', time: this.#now(), stage: 'sampler', count, detail });
  }

  #limits(): string {
    const { reason } = this.#options;
    const misses = `processes are sampled every ${this.#intervalMs} ms, those that live shorter are missed`;
    return reason === undefined ? misses : `${misses}: ${reason}`;
  }

  #sampling(): void {
    this.#health({ state: 'degraded', code: this.#options.code ?? 'sensor-off' }, this.#limits());
  }

  #health(standing: Standing, detail: string): void {
    this.#sink({ kind: 'health', time: this.#now(), collector: this.name, ...standing, detail });
  }

  #isLinux(): boolean {
    return (this.#options.platform ?? process.platform) === 'linux';
  }

  #procRoot(): string {
    return this.#options.procRoot ?? '/proc';
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function shownOf({ path, command, params }: SystemProcess): string {
  return `${path}/${command} ${params}`;
}

/**
 * A collector that compares samples of the process list: the floor, for any platform. start() tells what
 * runs already as events of source `sweep`, and that it is degraded; it rejects with COLLECTOR_UNSUPPORTED
 * where no processes can be listed. A process seen first brings a fork and an exec, one that changed its
 * command line an exec; exit codes are unknown. On Linux the details come from /proc.
 */
export function createSampler(options: SamplerOptions = {}): SamplerCollector {
  return new SystemSampler(options);
}
