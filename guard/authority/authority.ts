import type { Standing } from '../sight/server-sight.ts';
import { type Decided, fleetKey } from './decided.ts';

/** Milliseconds that a change is given to settle before the host is looked at: writers often write in steps. */
const SETTLE_MS = 10;
/** Milliseconds after which a look that failed is tried again. */
const RETRY_MS = 500;
/** A look is taken again after this many milliseconds whatever is heard, and just when an approval ends. */
const REVIEW_MS = 60_000;
/** Milliseconds that a request waits for a look that is under way. */
const MAX_WAIT_MS = 5_000;

export interface AuthorityOptions {
  readonly look: (now: Date) => Promise<Decided>;
  /** Told of every touch, before anything else follows from it. */
  readonly onTouched?: () => void;
  /** Told of every look whose result differs from the one before. */
  readonly onChange: (decided: Decided) => void;
  /** Told what has to be watched from now on. */
  readonly follow: (watch: Standing['watch']) => void;
  /** Compares what no watch tells of; calls `touched` where something differs. */
  readonly probe: () => void;
  /** A look failed: what was known holds until the next. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * What is decided about the server, kept true: as soon as anything is touched that decides, what was known is stale,
 * and whoever asks waits for the next look. Nothing is decided on what might have changed.
 */
export class Authority {
  readonly #options: AuthorityOptions;
  #decided: Decided;
  /** Touches counted; a look knows of those before it began. */
  #touched = 0;
  #seen = 0;
  #looking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failed = false;
  #stopped = false;

  constructor(first: Decided, options: AuthorityOptions) {
    this.#decided = first;
    this.#options = options;
    options.follow(first.standing.watch);
    this.#schedule();
  }

  /** What the last look found; it may be stale. */
  get decided(): Decided {
    return this.#decided;
  }

  /** Whether anything was touched since the last look began. */
  get stale(): boolean {
    return this.#touched !== this.#seen;
  }

  /** Looks for changes that nobody is told of, as writes through a mapping. */
  probe(): void {
    this.#options.probe();
  }

  /** Something that decides may have changed. */
  touched(): void {
    this.#touched += 1;
    this.#options.onTouched?.();
    void this.#lookSoon();
  }

  /** What is decided once no look is due; null where that takes too long. */
  async settled(): Promise<Decided | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), MAX_WAIT_MS);
    });
    const fresh = (async () => {
      while (this.stale && !this.#stopped) await this.#lookSoon();
      return this.#decided;
    })();
    return Promise.race([fresh, late]).finally(() => clearTimeout(timer));
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #lookSoon(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
      // What was touched meanwhile has its own look.
      if (this.stale && !this.#stopped) void this.#lookSoon();
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const wait = this.#failed ? RETRY_MS : SETTLE_MS;
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (this.#stopped) return;
    const touched = this.#touched;
    try {
      const decided = await this.#options.look(new Date());
      const changed = keyOf(decided.standing) !== keyOf(this.#decided.standing);
      this.#decided = decided;
      this.#options.follow(decided.standing.watch);
      if (changed) this.#options.onChange(decided);
      this.#seen = touched;
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      this.#options.onFailure(error);
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#stopped) return;
    const end = endOf(this.#decided.standing);
    const wait = end === null ? REVIEW_MS : Math.max(0, Math.min(REVIEW_MS, end - Date.now() + 1));
    this.#timer = setTimeout(() => this.touched(), wait);
    this.#timer.unref();
  }
}

/** When the approval that counts ends; null where none does, or it never ends. */
function endOf(standing: Standing): number | null {
  if (standing.kind !== 'known' || standing.verdict.state !== 'approved') return null;
  const expires = standing.verdict.statement?.predicate.expires ?? null;
  return expires === null ? null : Date.parse(expires);
}

/** Two standings with the same key are decided alike. */
function keyOf(standing: Standing): string {
  if (standing.kind !== 'known') return standing.kind;
  const { verdict, discovered, fleet } = standing;
  const { statement } = verdict;
  return JSON.stringify([
    verdict.state,
    verdict.code,
    verdict.ruling,
    verdict.changes,
    discovered.server.closure.digest,
    statement === null ? null : [statement.predicate.serial, statement.predicate.issued],
    fleetKey(fleet),
  ]);
}
