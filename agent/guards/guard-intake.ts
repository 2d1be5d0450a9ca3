import type { Loss } from '../../wire/index.ts';
import { factOfSelf } from '../enrich/agent-facts.ts';
import { factOfPastStart, factOfRecord, type GuardSubject, onceKey } from '../enrich/guard-facts.ts';
import { type KnownServer, startKey } from '../enrich/known-server.ts';
import type { Fact } from '../fact.ts';
import type { AgentLog } from '../log.ts';
import type { Pipeline } from '../pipeline.ts';
import type { JournalMarks } from '../state/journal-marks.ts';
import type { JournalPlace } from './journal-place.ts';
import { JournalReading, type JournalRecord, type JournalStep } from './journal-reading.ts';
import { isRunning } from './living-guards.ts';
import type { ServerClaim } from './server-claim.ts';

/** Milliseconds between two steps in one directory. */
const STEP_MS = 100;
/** Keys that are remembered as told until they surely are in the database. */
const MAX_TELLING = 10_000;
/** Milliseconds between two reports of lines that are no records, of one user. */
const FAULTY_MS = 60_000;

export interface GuardIntakeOptions {
  readonly places: readonly JournalPlace[];
  readonly marks: JournalMarks;
  readonly pipeline: Pick<Pipeline, 'submit'>;
  /** The server of this id, as of the last look; null where no config asks for it. */
  readonly serverOf: (id: string) => KnownServer | null;
  /** A guard says which process it started for a server. */
  readonly onClaim: (claim: ServerClaim) => void;
  /** Something of the guards could not be carried; the fact of it is submitted already. */
  readonly onLoss: (loss: Loss) => void;
  readonly log: AgentLog;
}

interface Source {
  readonly reading: JournalReading;
  /** Name that its alerts carry. */
  readonly user: string;
  /** Lines that are no records, or speak of what they may not, and that were not told yet. */
  faulty: number;
  faultyTold: number;
}

/**
 * Makes events of what guards recorded, while they run and afterwards. What was read is kept in the same transaction as
 * the alerts that came of it: a crash before loses nothing, since it is read again, and a crash after tells nothing
 * twice. Lines that are no records are told at most once a minute.
 */
export class GuardIntake {
  readonly #options: GuardIntakeOptions;
  readonly #sources: readonly Source[];
  readonly #due = new Set<Source>();
  /** What waits to be kept as told. */
  readonly #telling = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #later: NodeJS.Timeout | null = null;
  #stopped = true;
  /** When the agent began to watch, in milliseconds since the epoch. */
  #started = 0;

  constructor(options: GuardIntakeOptions) {
    this.#options = options;
    this.#sources = options.places.map((place) => {
      const [user = String(place.uid)] = place.names;
      const reading = new JournalReading(place, options.marks);
      return { reading, user, faulty: 0, faultyTold: Number.NEGATIVE_INFINITY };
    });
  }

  /** Directories to watch. */
  get trees(): readonly string[] {
    return this.#options.places.map(({ directory }) => directory);
  }

  /** Whether a path is a journal, or something else inside one of the directories. */
  concerns(path: string): boolean {
    return this.trees.some((tree) => path.startsWith(`${tree}/`));
  }

  /** Reads what there is, and from now on whenever it is told. */
  start(): void {
    this.#stopped = false;
    this.#started = Date.now();
    this.touched();
  }

  /** Something was written, here or anywhere. */
  touched(path: string | null = null): void {
    for (const source of this.#sources) {
      if (path === null || path.startsWith(`${source.reading.place.directory}/`)) this.#due.add(source);
    }
    this.#schedule();
  }

  /** Takes one more step; what is left is read at the next start. */
  stop(): void {
    if (this.#stopped) return;
    for (const timer of [this.#timer, this.#later]) if (timer !== null) clearTimeout(timer);
    for (const source of this.#sources) this.#take(source, true);
    this.#stopped = true;
  }

  #schedule(): void {
    if (this.#stopped || this.#due.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const due = [...this.#due];
      this.#due.clear();
      for (const source of due) this.#take(source, false);
      this.#schedule();
    }, STEP_MS);
  }

  #take(source: Source, last: boolean): void {
    try {
      const step = source.reading.step();
      if (step.more) this.#due.add(source);
      this.#submit(source, step, last);
    } catch (error) {
      const { directory } = source.reading.place;
      this.#options.log.error('the journals of a guard could not be read', {
        directory,
        error: String(error),
      });
    }
  }

  #submit(source: Source, step: JournalStep, last: boolean): void {
    const now = Date.now();
    const once: string[] = [];
    const facts: Fact[] = [];
    for (const item of step.records) {
      const subject = this.#subjectOf(item, source, now);
      if (subject === null) {
        source.faulty += 1;
        continue;
      }
      this.#claim(item, source);
      const key = onceKey(item.record, subject, item.session);
      if (key !== null && this.#isTold(key, now)) continue;
      if (key !== null) once.push(key);
      facts.push(factOfRecord(item.record, subject), ...this.#pastStart(item, subject, once));
    }
    source.faulty += step.faulty;
    for (const loss of [...refusals(step, now), ...this.#faults(source, now, last)]) {
      const fact = factOfSelf(loss, source.user);
      if (fact !== null) facts.push(fact);
      this.#options.onLoss(loss);
    }
    if (facts.length + step.marks.size > 0) this.#keep(facts, step, once, now);
  }

  #keep(facts: readonly Fact[], { marks }: JournalStep, once: readonly string[], now: number): void {
    this.#options.pipeline.submit({
      facts,
      remember: () => {
        for (const [path, mark] of marks) this.#options.marks.put(path, mark);
        for (const key of once) this.#options.marks.tell(key, now);
      },
    });
  }

  /** Whether a key was told before; from now on it was. */
  #isTold(key: string, now: number): boolean {
    if (this.#telling.has(key) || this.#options.marks.isTold(key, now)) return true;
    if (this.#telling.size >= MAX_TELLING) this.#telling.clear();
    this.#telling.add(key);
    return false;
  }

  /** Null where the record speaks of a server of another user. */
  #subjectOf({ record }: JournalRecord, { reading, user }: Source, now: number): GuardSubject | null {
    const known = record.server === null ? null : this.#options.serverOf(record.server.id);
    if (known !== null && !reading.place.names.has(known.discovered.server.user)) return null;
    return { user, known, now };
  }

  #claim({ record, identity }: JournalRecord, { reading }: Source): void {
    if (record.kind !== 'launch' || record.pid === null || record.server === null) return;
    const { uid, names } = reading.place;
    const { pid, guard, server } = record;
    this.#options.onClaim({ serverId: server.id, pid, guard, uid, names, journal: identity });
  }

  /** Whoever was started and ended again while no agent ran was seen by its guard only. */
  #pastStart({ record }: JournalRecord, subject: GuardSubject, once: string[]): readonly Fact[] {
    const { known, now } = subject;
    if (record.kind !== 'launch' || record.pid === null || record.server === null || known === null)
      return [];
    if (record.time >= this.#started || isRunning(record.pid, record.time)) return [];
    const key = startKey(known, record.server.state);
    const isFirst = !this.#isTold(key, now);
    if (isFirst) once.push(key);
    return [factOfPastStart(record, subject, isFirst)];
  }

  /** What of a journal was not carried: at once, and at the end, or else once a minute. */
  #faults(source: Source, now: number, last: boolean): readonly Loss[] {
    const { faulty: count } = source;
    if (count === 0) return [];
    const wait = source.faultyTold + FAULTY_MS - performance.now();
    if (wait > 0 && !last) {
      this.#later ??= setTimeout(() => {
        this.#later = null;
        this.touched();
      }, wait).unref();
      return [];
    }
    source.faulty = 0;
    source.faultyTold = performance.now();
    const { directory } = source.reading.place;
    return [
      lossOf(count, `lines in ${directory} that are no records of a guard, or speak of another user`, now),
    ];
  }
}

function refusals({ refused }: JournalStep, now: number): readonly Loss[] {
  return refused.map(({ path, reason }) => lossOf(1, `${path} is not read: ${reason}`, now));
}

function lossOf(count: number, detail: string, time: number): Loss {
  return { kind: 'loss', time, stage: 'guard', count, detail };
}
