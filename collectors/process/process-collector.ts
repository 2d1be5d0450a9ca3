import type { CollectorEvent, HealthCode, Standing } from '../../wire/index.ts';
import type { Collector, EventSink } from '../collector.ts';
import { CollectorError, HEALTH_OF } from '../errors.ts';
import type {
  ExecPolicy,
  LaunchWords,
  ShellFile,
  TrackedContainer,
  TrackedProcess,
} from './ebpf/commands.ts';
import type { ActorDirectory } from './ebpf/file-actor.ts';
import { StandingOrders } from './ebpf/orders.ts';
import { createSensorCollector, type SensorCollector, type SensorOrders } from './ebpf/sensor.ts';
import { createEsloggerCollector, type EsloggerCollector } from './eslogger/eslogger.ts';
import { LivingProcesses } from './living.ts';
import { createSampler, type SamplerCollector } from './sampler/sampler.ts';
import { sweepProcesses } from './sweep.ts';

const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 60_000;
const RESYNC_AFTER_LOSS_MS = 1000;

export interface ProcessCollectorOptions {
  /** Path of sealwatch-sensor; null where there is none. */
  readonly sensorPath: string | null;
  /** Why `sensorPath` is null, in words. */
  readonly sensorReason?: string;
  /** Size of the kernel ring buffer: a power of two; 8 MiB unless told. */
  readonly ringBytes?: number;
  /** Whether the sensor tells who writes files; true unless told. */
  readonly fileActor?: boolean;
  /** How far processes are told that belong to no server; `host` unless told. */
  readonly scope?: 'host' | 'subtrees';
  /** Whether fanotify asks before a shell is executed: see SensorOptions. */
  readonly execPermission?: boolean;
  /** Directory in a BPF file system where membership outlives sensor and agent. */
  readonly pin?: string;
  /** Milliseconds between samples where the sampler has to do. */
  readonly intervalMs?: number;
  /** Path of Apple's eslogger; /usr/bin/eslogger unless told. */
  readonly esloggerPath?: string;
  /** Back-off between tries to start a sensor again that died, in milliseconds. */
  readonly retry?: { readonly firstMs: number; readonly maxMs: number };
  readonly platform?: NodeJS.Platform;
  readonly procRoot?: string;
  readonly now?: () => number;
}

/** The sampler can do nothing of what a sensor is told; orders wait until one is back. */
export interface ProcessCollector extends Collector, SensorOrders {
  /** What watches now; null before the start and after the end. */
  readonly source: 'ebpf' | 'eslogger' | 'sampler' | null;
  /** Process id of the kernel sensor while it watches. */
  readonly sensorPid: number | undefined;
  /** Resolves once everything that the source could see before the call is with the sink. */
  sync(): Promise<void>;
}

/** What tells every process as it begins: the kernel sensor on Linux, eslogger on macOS. */
type LiveCollector = SensorCollector | EsloggerCollector;

/** A live source where one runs, else the sampler; goes from one to the other as the source dies and returns. */
class SwitchingCollector implements ProcessCollector {
  readonly #options: ProcessCollectorOptions;
  readonly #procRoot: string;
  readonly #now: () => number;
  readonly #retry: { readonly firstMs: number; readonly maxMs: number };
  readonly #living = new LivingProcesses();
  #sink: EventSink = () => {};
  #live: LiveCollector | undefined;
  #sampler: SamplerCollector | undefined;
  /** Changes of the source come one after another. */
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #resyncTimer: NodeJS.Timeout | undefined;
  #delayMs: number;
  #armedAt = 0;
  readonly #orders = new StandingOrders();
  /** Processes that live events told of while a sweep ran: what it read of them may be older. */
  #touched: Set<string> | undefined;

  constructor(options: ProcessCollectorOptions) {
    this.#options = options;
    this.#procRoot = options.procRoot ?? '/proc';
    this.#now = options.now ?? Date.now;
    this.#retry = options.retry ?? { firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS };
    this.#delayMs = this.#retry.firstMs;
  }

  get name(): LiveCollector['name'] | 'process/sampler' {
    return this.#sampler === undefined ? (this.#live?.name ?? 'process/ebpf') : 'process/sampler';
  }

  get source(): 'ebpf' | 'eslogger' | 'sampler' | null {
    if (this.#sampler !== undefined) return 'sampler';
    if (this.#live === undefined) return null;
    return this.#live.name === 'process/ebpf' ? 'ebpf' : 'eslogger';
  }

  get #sensor(): SensorCollector | undefined {
    return this.#live?.name === 'process/ebpf' ? this.#live : undefined;
  }

  get sensorPid(): number | undefined {
    return this.#sensor?.pid;
  }

  async start(sink: EventSink): Promise<void> {
    this.#sink = sink;
    await this.#change(async () => {
      try {
        await this.#startLive();
      } catch (error) {
        if (!(error instanceof CollectorError)) throw error;
        await this.#startSampler(error);
      }
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#resyncTimer);
    await this.#change(async () => {
      await this.#sampler?.stop();
      await this.#live?.stop();
      this.#sampler = undefined;
      this.#live = undefined;
    });
  }

  async sync(): Promise<void> {
    await this.#turn;
    // What eslogger could see so far cannot be asked for.
    await (this.#sampler ?? this.#sensor)?.sync();
  }

  watchDirectories(directories: readonly ActorDirectory[]): void {
    if (this.#sensor === undefined) this.#orders.watchDirectories(directories);
    else this.#sensor.watchDirectories(directories);
  }

  guardPaths(paths: readonly string[]): void {
    if (this.#sensor === undefined) this.#orders.guardPaths(paths);
    else this.#sensor.guardPaths(paths);
  }

  watchLaunches(launches: readonly LaunchWords[]): void {
    if (this.#sensor === undefined) this.#orders.watchLaunches(launches);
    else this.#sensor.watchLaunches(launches);
  }

  release(pid: number): void {
    this.#sensor?.release(pid);
  }

  end(pid: number, start: number): boolean {
    return this.#sensor?.end(pid, start) ?? false;
  }

  track(processes: readonly TrackedProcess[]): void {
    this.#sensor?.track(processes);
  }

  enforce(policies: readonly ExecPolicy[], shells: readonly ShellFile[]): void {
    if (this.#sensor === undefined) this.#orders.enforce(policies, shells);
    else this.#sensor.enforce(policies, shells);
  }

  contain(containers: ReadonlyMap<string, TrackedContainer>): void {
    if (this.#sensor === undefined) this.#orders.contain(containers);
    else this.#sensor.contain(containers);
  }

  #change(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #pass(event: CollectorEvent): void {
    this.#living.note(event);
    if (event.kind === 'process_exec' || event.kind === 'process_exit')
      this.#touched?.add(`${event.pid} ${event.start}`);
    if (event.kind === 'loss' && event.stage === 'kernel-ring') this.#resyncSoon();
    this.#sink(event);
  }

  async #startLive(): Promise<void> {
    const live = this.#platform === 'darwin' ? this.#eslogger() : this.#kernelSensor();
    this.#live = live;
    try {
      await live.start((event) => this.#pass(event));
    } catch (error) {
      this.#live = undefined;
      throw error;
    }
    this.#armedAt = this.#now();
    await this.#resync();
  }

  get #platform(): NodeJS.Platform {
    return this.#options.platform ?? process.platform;
  }

  #eslogger(): EsloggerCollector {
    const { esloggerPath } = this.#options;
    const eslogger = createEsloggerCollector({
      ...(esloggerPath === undefined ? {} : { path: esloggerPath }),
      onFailure: (error) => this.#fallBack(eslogger, error),
      now: this.#now,
    });
    return eslogger;
  }

  #kernelSensor(): SensorCollector {
    const { sensorPath, sensorReason, ringBytes, fileActor, pin, scope, execPermission } = this.#options;
    const platform = this.#platform;
    if (platform !== 'linux')
      throw new CollectorError('COLLECTOR_UNSUPPORTED', `there is no kernel sensor for ${platform}`);
    if (sensorPath === null)
      throw new CollectorError('COLLECTOR_SENSOR_MISSING', sensorReason ?? 'the kernel sensor is not built', {
        hint: 'run the set-up on Linux as root so that it is built',
      });
    const sensor = createSensorCollector({
      path: sensorPath,
      ...(ringBytes === undefined ? {} : { ringBytes }),
      ...(fileActor === undefined ? {} : { fileActor }),
      ...(pin === undefined ? {} : { pin }),
      ...(scope === undefined ? {} : { scope }),
      ...(execPermission === undefined ? {} : { execPermission }),
      orders: this.#orders,
      onFailure: (error) => this.#fallBack(sensor, error),
      now: this.#now,
    });
    return sensor;
  }

  async #startSampler(why: CollectorError): Promise<void> {
    const { intervalMs, platform } = this.#options;
    const sampler = createSampler({
      reason: why.hint === undefined ? why.message : `${why.message} (${why.hint})`,
      code: this.#codeOf(why),
      procRoot: this.#procRoot,
      now: this.#now,
      ...(intervalMs === undefined ? {} : { intervalMs }),
      ...(platform === undefined ? {} : { platform }),
    });
    await sampler.start((event) => this.#pass(event));
    this.#sampler = sampler;
    await this.#tellEnded();
  }

  /** A live source that ran has died: what happens until the first sample is lost. */
  #fallBack(live: LiveCollector, why: CollectorError): void {
    const detail = 'the live source died: processes that began and ended until the first sample are unknown';
    this.#pass({ kind: 'loss', time: this.#now(), stage: 'sensor-pipe', count: 1, detail });
    void this.#change(async () => {
      if (this.#live === live) this.#live = undefined;
      if (this.#stopped || this.#sampler !== undefined) return;
      if (this.#now() - this.#armedAt > this.#retry.maxMs) this.#delayMs = this.#retry.firstMs;
      await this.#startSampler(why);
    })
      .catch((error: unknown) =>
        this.#health({ state: 'failed', code: 'processes-unlistable' }, String(error)),
      )
      .finally(() => this.#retryLater());
  }

  #retryLater(): void {
    if (this.#stopped) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      this.#change(() => this.#returnToLive()).catch(() => this.#retryLater());
    }, this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, this.#retry.maxMs);
  }

  async #returnToLive(): Promise<void> {
    if (this.#stopped || this.#live !== undefined) return;
    await this.#startLive();
    await this.#sampler?.stop();
    this.#sampler = undefined;
    this.#health({ state: 'ok', code: null }, 'not needed: the live source is back');
  }

  #resyncSoon(): void {
    if (this.#resyncTimer !== undefined || this.#stopped) return;
    this.#resyncTimer = setTimeout(() => {
      this.#resyncTimer = undefined;
      void this.#change(async () => {
        if (!this.#stopped && this.#live !== undefined) await this.#resync();
      });
    }, RESYNC_AFTER_LOSS_MS);
  }

  /** Tells what runs, and what ended unseen, beside a live source. */
  async #resync(): Promise<void> {
    const touched = new Set<string>();
    this.#touched = touched;
    const found = await sweepProcesses({
      platform: this.#platform,
      procRoot: this.#procRoot,
      now: this.#now,
    });
    this.#touched = undefined;
    for (const event of found) if (!touched.has(`${event.pid} ${event.start}`)) this.#pass(event);
    await this.#tellEnded();
  }

  async #tellEnded(): Promise<void> {
    if (this.#platform !== 'linux') return;
    for (const exit of await this.#living.findEnded(this.#procRoot, this.#now)) this.#pass(exit);
  }

  /** A sensor that somebody gave up is not one that is missing. */
  #codeOf({ code }: CollectorError): HealthCode {
    const isGivenUp = code === 'COLLECTOR_SENSOR_MISSING' && this.#options.sensorReason !== undefined;
    return isGivenUp ? 'sensor-off' : HEALTH_OF[code];
  }

  #health(standing: Standing, detail: string): void {
    this.#sink({ kind: 'health', time: this.#now(), collector: 'process/sampler', ...standing, detail });
  }
}

/**
 * Watches processes with the kernel sensor or eslogger, or degraded with the sampler where that cannot run or
 * has died; it then tries again with back-off. start() resolves once a source is armed and what runs
 * already is told; it rejects with COLLECTOR_UNSUPPORTED where not even the sampler can run. Consumers must
 * expect one process more than once: (pid, start) is its identity, and a sweep or a sample repeats it.
 */
export function createProcessCollector(options: ProcessCollectorOptions): ProcessCollector {
  return new SwitchingCollector(options);
}
