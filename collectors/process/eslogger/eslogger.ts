import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { LossStage, Standing } from '../../../wire/index.ts';
import type { Collector, EventSink } from '../../collector.ts';
import { CollectorError, HEALTH_OF } from '../../errors.ts';
import { bootTime } from '../sampler/system-process.ts';
import { decodeLine, type EsMessage } from './decode.ts';
import { esloggerFailure } from './failure.ts';
import { LineReader, MAX_LINE_BYTES } from './lines.ts';
import { ES_EVENTS } from './message.ts';
import { SequenceGaps } from './sequence.ts';

const ESLOGGER_PATH = '/usr/bin/eslogger';
/** An eslogger that is refused ends within a fraction of this; one that runs on a quiet host may say nothing. */
const ARM_GRACE_MS = 3000;
const KILL_AFTER_MS = 5000;
const MAX_STDERR_CHARACTERS = 4096;
/** The newest `schema_version` that was seen when this was written: macOS 13 to 26. */
const KNOWN_SCHEMA = 1;

const TOO_LONG: EsMessage = {
  sequence: null,
  schema: null,
  said: { kind: 'unread', why: `it is longer than ${MAX_LINE_BYTES} bytes` },
};

export interface EsloggerOptions {
  /** Path of eslogger; /usr/bin/eslogger unless told. */
  readonly path?: string;
  /** Milliseconds without an end after which it counts as armed though it has said nothing; 3000 unless told. */
  readonly graceMs?: number;
  /** When the host booted, in milliseconds since the epoch; asked of the host unless told. */
  readonly boot?: number;
  /** Effective user id of the agent; asked of the process unless told. */
  readonly euid?: number;
  /** Told once when eslogger ends after it was armed, though nobody stopped it; a Health `failed` has gone before. */
  readonly onFailure?: (error: CollectorError) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface EsloggerCollector extends Collector {
  readonly name: 'process/eslogger';
  /** Process id of eslogger while it runs. */
  readonly pid: number | undefined;
}

type Doubt = 'schema' | 'numbers' | 'lines';
type EsloggerProcess = ChildProcessByStdio<null, Readable, Readable>;

/** eslogger as a child process: its lines become events. It is started at most once. */
class ChildEslogger implements EsloggerCollector {
  readonly name = 'process/eslogger';
  readonly #options: EsloggerOptions;
  readonly #path: string;
  readonly #boot: number;
  readonly #lines = new LineReader();
  readonly #gaps = new SequenceGaps();
  readonly #armed = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  /** What is wrong though it runs, in words; each kind is told once. */
  readonly #doubts = new Map<Doubt, string>();
  #sink: EventSink = () => {};
  #child: EsloggerProcess | undefined;
  #state: 'new' | 'arming' | 'armed' | 'stopping' | 'ended' = 'new';
  #stderr = '';
  #spoke = false;

  constructor(options: EsloggerOptions) {
    this.#options = options;
    this.#path = options.path ?? ESLOGGER_PATH;
    this.#boot = options.boot ?? bootTime(this.#now());
  }

  get pid(): number | undefined {
    return this.#state === 'ended' ? undefined : this.#child?.pid;
  }

  async start(sink: EventSink): Promise<void> {
    if (this.#state !== 'new')
      throw new CollectorError('COLLECTOR_UNSUPPORTED', 'an eslogger starts only once');
    this.#sink = sink;
    this.#state = 'arming';
    this.#spawn();
    const timer = setTimeout(() => this.#arm(), this.#options.graceMs ?? ARM_GRACE_MS);
    try {
      await this.#armed.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    if (this.#state === 'new') this.#state = 'ended';
    if (this.#child === undefined) return;
    if (this.#state !== 'ended') this.#state = 'stopping';
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), KILL_AFTER_MS);
    await this.#closed.promise;
    clearTimeout(timer);
  }

  #spawn(): void {
    const child = spawn(this.#path, ES_EVENTS, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
      env: {},
      // eslogger(1) leaves out the events of its own process group: without a session of its own, those of the agent
      // and of all that shares the agent's group would be missing.
      detached: true,
    });
    this.#child = child;
    child.on('error', (cause) => {
      if (child.pid === undefined) this.#ended(null, null, cause);
    });
    child.stdout.on('error', () => {});
    child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    child.stderr.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_STDERR_CHARACTERS);
    });
    child.on('close', (code, signal) => this.#ended(code, signal));
  }

  #read(chunk: Buffer): void {
    let unread = 0;
    let why = '';
    for (const line of this.#lines.push(chunk)) {
      if (line === '') continue;
      const message = line === null ? TOO_LONG : decodeLine(line, this.#boot);
      this.#countMissing(message);
      if (message.said.kind === 'unread') {
        unread += 1;
        why = message.said.why;
        continue;
      }
      this.#spoke = true;
      this.#arm();
      this.#sink(message.said);
    }
    if (unread === 0) return;
    this.#lose('sensor-pipe', unread, `lines of eslogger could not be read, the last since ${why}`);
    this.#doubt('lines', 'lines came that cannot be read, and are counted as lost');
  }

  #countMissing({ sequence, schema }: EsMessage): void {
    if (schema !== null && schema !== KNOWN_SCHEMA) {
      const words = `its schema version is ${schema}, known is ${KNOWN_SCHEMA}: fields may have another meaning`;
      this.#doubt('schema', words);
    }
    if (sequence === null) {
      this.#gaps.skip();
      if (schema === null) return;
      this.#doubt('numbers', 'it does not number its messages: what the kernel drops is not counted');
      return;
    }
    const missing = this.#gaps.take(sequence);
    if (missing > 0)
      this.#lose('kernel-ring', missing, 'events that the kernel dropped before eslogger read them');
  }

  #arm(): void {
    if (this.#state !== 'arming') return;
    this.#state = 'armed';
    this.#tellState();
    this.#armed.resolve();
  }

  #doubt(kind: Doubt, words: string): void {
    if (this.#doubts.has(kind)) return;
    this.#doubts.set(kind, words);
    if (this.#state === 'armed') this.#tellState();
  }

  #tellState(): void {
    const parts = [`eslogger armed: ${ES_EVENTS.join(', ')}`, ...this.#doubts.values()];
    const standing: Standing =
      this.#doubts.size === 0
        ? { state: 'ok', code: null }
        : { state: 'degraded', code: 'eslogger-doubtful' };
    this.#tell(standing, parts.join('; '));
  }

  #tell(standing: Standing, detail: string): void {
    this.#sink({ kind: 'health', time: this.#now(), collector: this.name, ...standing, detail });
  }

  #lose(stage: LossStage, count: number, detail: string): void {
    this.#sink({ kind: 'loss', time: this.#now(), stage, count, detail });
  }

  #ended(code: number | null, signal: string | null, cause?: unknown): void {
    if (this.#state === 'ended') return;
    const before = this.#state;
    this.#state = 'ended';
    const { euid = process.geteuid?.() } = this.#options;
    const end = { path: this.#path, code, signal, stderr: this.#stderr, spoke: this.#spoke, euid, cause };
    const error = esloggerFailure(end);
    this.#armed.reject(error);
    this.#armed.promise.catch(() => {});
    this.#closed.resolve();
    if (before === 'stopping') return;
    if (this.#lines.unfinished) this.#lose('sensor-pipe', 1, 'eslogger ended in the middle of a line');
    const detail = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
    this.#tell({ state: 'failed', code: HEALTH_OF[error.code] }, detail);
    if (before === 'armed') this.#options.onFailure?.(error);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/**
 * A collector over eslogger(1) of macOS 13 and later, which needs root and Full Disk Access of the process that macOS
 * holds responsible. start() resolves with the first event, or once eslogger has run for the grace time; it rejects
 * with COLLECTOR_UNSUPPORTED, COLLECTOR_ESLOGGER_NOT_PRIVILEGED, COLLECTOR_ESLOGGER_NOT_PERMITTED or
 * COLLECTOR_ESLOGGER_ENDED, and has told a Health `failed` by then. stop() delivers what the pipe still holds. To
 * start again, make another one.
 */
export function createEsloggerCollector(options: EsloggerOptions = {}): EsloggerCollector {
  return new ChildEslogger(options);
}
