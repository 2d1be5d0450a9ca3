import { getSystemErrorMap } from 'node:util';
import type { Standing } from '../../../wire/index.ts';
import type { Collector, EventSink } from '../../collector.ts';
import { CollectorError, HEALTH_OF } from '../../errors.ts';
import {
  type ExecPolicy,
  endCommand,
  type LaunchWords,
  optionsCommand,
  pingCommand,
  releaseCommand,
  type ShellFile,
  type TrackedContainer,
  type TrackedProcess,
  trackCommand,
} from './commands.ts';
import { openSensor, type SensorConnection } from './connection.ts';
import { SensorDecoder, type SensorMessage } from './decode.ts';
import { type SensorEnd, sensorFailure } from './failure.ts';
import type { ActorDirectory } from './file-actor.ts';
import { Heartbeat } from './heartbeat.ts';
import { StandingOrders } from './orders.ts';

const ARM_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
/** Milliseconds that a process which could not be ended is told of. */
const NOT_ENDED_MS = 60_000;
const WELL: Standing = { state: 'ok', code: null };

export interface SensorOptions {
  /** Path of sealwatch-sensor, or of the socket of one that is a service. */
  readonly path: string;
  /** Size of the kernel ring buffer: a power of two from 4096 to 268,435,456; 8 MiB unless told. */
  readonly ringBytes?: number;
  /** Whether it tells who writes in marked directories; true unless told. */
  readonly fileActor?: boolean;
  /** Directory in a BPF file system where marks outlive the sensor; it is made there. A service has its own. */
  readonly pin?: string;
  /** Told once when the sensor ends though nobody stopped it; a Health `failed` has gone to the sink then. */
  readonly onFailure?: (error: CollectorError) => void;
  /** Milliseconds between two questions whether it answers, and until an answer is missed; 5,000 and 10,000. */
  readonly heartbeat?: { readonly everyMs: number; readonly patienceMs: number };
  /**
   * `subtrees` tells of servers' subtrees, of what could be a server, and of others only where they touch what is
   * watched; `host` tells of all processes. `host` unless told.
   */
  readonly scope?: 'host' | 'subtrees';
  /**
   * Whether shells are refused by fanotify before they are executed, beside being ended. While the sensor is stopped
   * whoever executes a shell waits: one that does not answer is ended. False unless told.
   */
  readonly execPermission?: boolean;
  /** Orders that are kept from one sensor to the next; new ones unless told. */
  readonly orders?: StandingOrders;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What the kernel sensor is told to do. What is told while none runs, is told to the next one; tracks are not. */
export interface SensorOrders {
  /** From now on tells who writes in these directories, and in no others. */
  watchDirectories(directories: readonly ActorDirectory[]): void;
  /** From now on tells who opens these files, or files directly in these directories, and no others. */
  guardPaths(paths: readonly string[]): void;
  /** In the scope `subtrees`: the ways to start servers that configs name. */
  watchLaunches(launches: readonly LaunchWords[]): void;
  /** In the scope `subtrees`: a process that could have been a server is none. */
  release(pid: number): void;
  /**
   * Ends a member, where this program has no right to; `start` in clock ticks since boot. False where no sensor that is
   * a service watches; one that could not do it says so by a Health.
   */
  end(pid: number, start: number): boolean;
  /** Makes living processes, and all that came out of them, members of servers' subtrees. */
  track(processes: readonly TrackedProcess[]): void;
  /** Ends what members execute against these policies, before its first instruction; others are let be. */
  enforce(policies: readonly ExecPolicy[], shells: readonly ShellFile[]): void;
  /** Makes members of what runs in these containers, by container id, and in no others. */
  contain(containers: ReadonlyMap<string, TrackedContainer>): void;
}

export interface SensorCollector extends Collector, SensorOrders {
  readonly name: 'process/ebpf';
  /** Process id of a sensor that is a child, while it runs. */
  readonly pid: number | undefined;
  /** Resolves once everything that happened before the call is with the sink; rejects when the sensor ends. */
  sync(): Promise<void>;
}

/** The kernel sensor: its records become events. It is started at most once. */
class KernelSensor implements SensorCollector {
  readonly name = 'process/ebpf';
  readonly #options: SensorOptions;
  readonly #decoder = new SensorDecoder();
  readonly #armed = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #sink: EventSink = () => {};
  #connection: SensorConnection | undefined;
  #last: Pick<SensorEnd, 'code' | 'stderr'> | undefined;
  #state: 'new' | 'arming' | 'armed' | 'stopping' | 'ended' = 'new';
  #broken: CollectorError | undefined;
  #token = 0;
  readonly #orders: StandingOrders;
  readonly #heartbeat: Heartbeat;
  #ready = '';
  #fileActor: 'unknown' | 'on' | 'off' = 'unknown';
  #unmarked = 0;
  /** When a process was not ended, in milliseconds since the epoch; null where that was told to be over. */
  #notEndedAt: number | null = null;

  constructor(options: SensorOptions) {
    this.#options = options;
    this.#orders = options.orders ?? new StandingOrders();
    this.#heartbeat = new Heartbeat({
      ask: () => this.sync(),
      onSilent: () => this.#silent(),
      onBack: () => this.#tell(WELL, this.#ready),
      ...options.heartbeat,
    });
  }

  get pid(): number | undefined {
    return this.#state === 'ended' ? undefined : this.#connection?.pid;
  }

  async start(sink: EventSink): Promise<void> {
    if (this.#state !== 'new') throw new CollectorError('COLLECTOR_UNSUPPORTED', 'a sensor starts only once');
    this.#sink = sink;
    this.#state = 'arming';
    this.#open();
    const timer = setTimeout(() => {
      this.#break(new CollectorError('COLLECTOR_SENSOR_REFUSED', 'the kernel sensor did not become ready'));
    }, ARM_TIMEOUT_MS);
    try {
      await this.#armed.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    if (this.#state === 'new') this.#state = 'ended';
    if (this.#connection === undefined) return;
    if (this.#state !== 'ended') this.#state = 'stopping';
    this.#connection.commands.end();
    const timer = setTimeout(() => this.#connection?.abandon(), STOP_TIMEOUT_MS);
    await this.#closed.promise;
    clearTimeout(timer);
  }

  async sync(): Promise<void> {
    if (this.#state !== 'armed' || this.#connection === undefined)
      throw new CollectorError('COLLECTOR_SENSOR_REFUSED', 'the kernel sensor does not run');
    this.#token = (this.#token + 1) % 2 ** 32;
    const answer = Promise.withResolvers<void>();
    this.#waiting.set(this.#token, answer);
    this.#connection.commands.write(pingCommand(this.#token));
    await answer.promise;
  }

  watchDirectories(directories: readonly ActorDirectory[]): void {
    const commands = this.#orders.watchDirectories(directories);
    if (this.#fileActor === 'on') this.#command(commands);
  }

  guardPaths(paths: readonly string[]): void {
    const commands = this.#orders.guardPaths(paths);
    if (this.#fileActor === 'on') this.#command(commands);
  }

  watchLaunches(launches: readonly LaunchWords[]): void {
    this.#command(this.#orders.watchLaunches(launches));
  }

  release(pid: number): void {
    this.#command([releaseCommand(pid)]);
  }

  end(pid: number, start: number): boolean {
    if (this.#state !== 'armed' || this.#connection?.isChild !== false) return false;
    this.#command([endCommand(pid, start)]);
    return true;
  }

  track(processes: readonly TrackedProcess[]): void {
    this.#command(processes.map(trackCommand));
  }

  enforce(policies: readonly ExecPolicy[], shells: readonly ShellFile[]): void {
    this.#command(this.#orders.enforce(policies, shells));
  }

  contain(containers: ReadonlyMap<string, TrackedContainer>): void {
    this.#command(this.#orders.contain(containers));
  }

  #command(commands: readonly Buffer[]): void {
    if (this.#state !== 'armed' || commands.length === 0) return;
    this.#connection?.commands.write(Buffer.concat(commands));
  }

  /** Options of its command line; a service takes those that do not name a place. */
  get #words(): readonly string[] {
    const { ringBytes, fileActor = true, scope, execPermission } = this.#options;
    return [
      ...(ringBytes === undefined ? [] : ['--ring-bytes', String(ringBytes)]),
      ...(fileActor ? [] : ['--no-file-actor']),
      ...(scope === 'subtrees' ? ['--subtrees'] : []),
      ...(execPermission === true ? ['--exec-permission'] : []),
    ];
  }

  #open(): void {
    const { path, pin } = this.#options;
    const words = this.#words;
    const connection = openSensor(path, pin === undefined ? words : [...words, '--pin', pin], {
      onData: (chunk) => this.#read(chunk),
      onEnd: (end) => this.#ended(this.#broken ?? sensorFailure({ ...end, ...this.#last })),
    });
    this.#connection = connection;
    if (!connection.isChild) connection.commands.write(optionsCommand(words));
  }

  #read(chunk: Buffer): void {
    if (this.#broken !== undefined) return;
    try {
      for (const message of this.#decoder.push(chunk)) this.#take(message);
    } catch (error) {
      if (!(error instanceof CollectorError)) throw error;
      this.#break(error);
    }
  }

  #take(message: SensorMessage): void {
    if (message.kind === 'ready') {
      if (this.#state === 'arming') this.#state = 'armed';
      this.#ready = readyDetail(message, this.#options);
      this.#tell(WELL, this.#ready);
      this.#heartbeat.start();
      this.#command(this.#orders.all().processes);
    } else if (message.kind === 'pong') {
      this.#tellWell();
      this.#waiting.get(message.token)?.resolve();
      this.#waiting.delete(message.token);
    } else if (message.kind === 'file_actor') {
      this.#takeFileActor(message.error);
    } else if (message.kind === 'unmarked') {
      this.#unmarked += 1;
      const first = `${message.path}: ${errorName(message.error)}`;
      this.#tellFileActor(WELL, `${this.#unmarked} directories cannot be marked, the last ${first}`);
    } else if (message.kind === 'tamper') {
      this.#command(this.#orders.policies());
      this.#sink(message);
    } else if (message.kind === 'not_ended') {
      this.#tellNotEnded(message.pid, message.error);
    } else if (message.kind === 'failed') {
      this.#last = { code: message.code, stderr: message.text };
    } else if (message.kind !== 'nothing') {
      this.#sink(message);
    }
  }

  /** It follows `ready` at once; all that is asked for from then on reaches the sensor in its order. */
  #takeFileActor(error: number): void {
    this.#fileActor = error === 0 ? 'on' : 'off';
    this.#armed.resolve();
    if (error === 0) {
      this.#command(this.#orders.all().files);
      this.#tellFileActor(WELL, 'fanotify tells who writes');
    } else if (this.#options.fileActor === false) this.#tellFileActor(WELL, 'given up by the configuration');
    else {
      const detail = `who writes a file is not known: fanotify: ${errorName(error)}`;
      this.#tellFileActor({ state: 'degraded', code: 'writers-unknown' }, detail);
    }
  }

  /** Nobody may wait for a sensor that stands still: its end lets go of all that it was asked. */
  #silent(): void {
    const detail = 'the kernel sensor lives and does not answer: is it stopped?';
    this.#tell({ state: 'degraded', code: 'sensor-silent' }, detail);
    if (this.#options.execPermission === true)
      this.#break(new CollectorError('COLLECTOR_SENSOR_REFUSED', detail));
  }

  #tellNotEnded(pid: number, error: number): void {
    this.#notEndedAt = this.#now();
    const detail = `process ${pid} could not be ended: ${errorName(error)}`;
    this.#tell({ state: 'degraded', code: 'member-not-ended' }, detail);
  }

  /** A process that was not ended is told; the sensor is well again after a while without another. */
  #tellWell(): void {
    if (this.#notEndedAt === null || this.#now() - this.#notEndedAt < NOT_ENDED_MS) return;
    this.#notEndedAt = null;
    this.#tell(WELL, this.#ready);
  }

  #tellFileActor(standing: Standing, detail: string): void {
    this.#sink({ kind: 'health', time: this.#now(), collector: 'file/actor', ...standing, detail });
  }

  #tell(standing: Standing, detail: string): void {
    this.#sink({ kind: 'health', time: this.#now(), collector: this.name, ...standing, detail });
  }

  #break(error: CollectorError): void {
    this.#broken ??= error;
    this.#connection?.abandon();
  }

  #ended(error: CollectorError): void {
    if (this.#state === 'ended') return;
    const wasArmed = this.#state === 'armed';
    this.#heartbeat.stop();
    this.#state = 'ended';
    this.#armed.reject(error);
    this.#armed.promise.catch(() => {});
    for (const answer of this.#waiting.values()) answer.reject(error);
    this.#waiting.clear();
    this.#closed.resolve();
    if (!wasArmed) return;
    this.#tell({ state: 'failed', code: HEALTH_OF[error.code] }, error.message);
    this.#options.onFailure?.(error);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function readyDetail(
  {
    ringBytes,
    datagrams,
    unixSockets,
    fileChanges,
    fileOpens,
    execPermission,
    pinned,
  }: Extract<SensorMessage, { kind: 'ready' }>,
  { pin }: SensorOptions,
): string {
  const parts = [
    `kernel sensor armed, ring buffer of ${ringBytes} bytes`,
    datagrams ? '' : 'datagrams are not seen: no cgroup programs here',
    unixSockets ? '' : 'unix sockets are not seen: Linux has the hook since 6.7',
    fileChanges ? '' : 'what servers write outside of watched directories is not seen',
    execPermission ? 'fanotify asks before a shell is executed' : '',
    fileOpens ? 'BPF LSM tells what servers open for writing' : '',
    pin === undefined || pinned ? '' : `membership ends with the sensor: ${pin} is in no BPF file system`,
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function errorName(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;
}

/**
 * A collector over the kernel sensor (Linux, root or CAP_BPF and CAP_PERFMON). start() rejects with
 * COLLECTOR_SENSOR_MISSING, COLLECTOR_SENSOR_REFUSED, COLLECTOR_UNSUPPORTED or COLLECTOR_SENSOR_PROTOCOL.
 * stop() delivers what the kernel's ring still holds. To start again, make another one.
 */
export function createSensorCollector(options: SensorOptions): SensorCollector {
  return new KernelSensor(options);
}
