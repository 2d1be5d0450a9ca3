import { statSync } from 'node:fs';
import type { FileWatcher } from '../../collectors/index.ts';
import { AgentError } from '../errors.ts';
import type { AgentLog } from '../log.ts';
import { EditionLog } from './edition-log.ts';
import { stampOf } from './rule-files.ts';
import type { RuleBook, RuleEdition, RuleFault } from './rulebook.ts';
import type { RuleSettings } from './settings.ts';

/** Milliseconds from the first sign of a change to the reload, so that changes made together are taken together. */
const SETTLE_MS = 500;
/** Milliseconds between two looks at the files' times, for what the watcher cannot tell (other file systems, links). */
const LOOK_MS = 10_000;
/** Milliseconds that one timer can wait; a longer one would end at once. */
const MAX_TIMER_MS = 24 * 3_600_000;

/** The agent's config, as far as it may change while the agent runs. */
export interface RuleConfig {
  /** Files and directories that it is read from; some may not exist. */
  readonly paths: readonly string[];
  /** Reads it anew; `restart` names other settings that are not as they were at the start. @throws {AgentError} */
  read(): { readonly settings: RuleSettings; readonly restart: readonly string[] };
}

export interface RuleWatchOptions {
  readonly book: RuleBook;
  readonly settings: RuleSettings;
  /** Null where no file holds the settings. */
  readonly config: RuleConfig | null;
  readonly watcher: Pick<FileWatcher, 'start' | 'watch' | 'stop'>;
  /** What others than the config add to the settings; asked at each reading. */
  readonly adjust?: (settings: RuleSettings) => RuleSettings;
  /** New rules are in force, between two events; `faults` are those of a pack that are not told yet. */
  readonly onEdition: (edition: RuleEdition, faults: readonly RuleFault[]) => void;
  readonly log: AgentLog;
  readonly now?: () => number;
}

/** Keeps the rules as their files, the signed pack, the config and the clock say. */
export class RuleWatch {
  readonly #options: RuleWatchOptions;
  readonly #log: EditionLog;
  #settings: RuleSettings;
  #edition: RuleEdition;
  #stamp: string;
  #restart = '';
  #settling: NodeJS.Timeout | null = null;
  #looking: NodeJS.Timeout | null = null;
  #ending: NodeJS.Timeout | null = null;
  #stopped = false;

  /** Takes the first edition. @throws {AgentError} where there would be no rule, or files cannot be read */
  constructor(options: RuleWatchOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#log = new EditionLog(options.log);
    this.#stamp = this.#stampNow();
    this.#edition = options.book.edition(this.#adjusted, this.#now());
    this.#log.tell(this.#edition);
  }

  /** What is in force now. */
  get edition(): RuleEdition {
    return this.#edition;
  }

  /** From now on changes are taken; resolves once the files are watched. */
  async start(): Promise<void> {
    this.#armEnd();
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref();
    await this.#options.watcher.start((event) => {
      if (event.kind === 'path_change' || event.kind === 'loss') this.#settle();
      else if (event.kind === 'health' && event.state !== 'ok')
        this.#options.log.warn('rule files are watched in part', { ...event });
    });
    await this.#watchFiles();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of [this.#settling, this.#looking, this.#ending]) clearTimeout(timer ?? undefined);
    await this.#options.watcher.stop();
  }

  /**
   * Reads config and rules anew, changed or not. What cannot be used leaves in force what was before, and is answered.
   */
  reload(): AgentError | null {
    if (this.#stopped) return null;
    let fault: AgentError | null = null;
    clearTimeout(this.#settling ?? undefined);
    this.#settling = null;
    this.#rereadConfig();
    this.#stamp = this.#stampNow();
    try {
      const known = new Set(this.#edition.packFaults.map((fault) => JSON.stringify(fault)));
      this.#edition = this.#options.book.edition(this.#adjusted, this.#now());
      this.#log.tell(this.#edition);
      const fresh = this.#edition.packFaults.filter((fault) => !known.has(JSON.stringify(fault)));
      this.#options.onEdition(this.#edition, fresh);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      fault = error;
      const { code, message } = error;
      this.#options.log.error('rules cannot be reloaded; those before stay in force', { code, message });
    }
    this.#armEnd();
    void this.#watchFiles();
    return fault;
  }

  get #adjusted(): RuleSettings {
    const { adjust } = this.#options;
    return adjust === undefined ? this.#settings : adjust(this.#settings);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #settle(): void {
    if (this.#stopped) return;
    this.#settling ??= setTimeout(() => {
      this.#settling = null;
      this.#look();
    }, SETTLE_MS);
  }

  /** Reloads where a file is not as it was, or an entry of the config has ended; the clock may have been set. */
  #look(): void {
    const [next] = this.#edition.tuning.ending;
    const hasEnded = next !== undefined && next.until <= this.#now();
    if (hasEnded || this.#stampNow() !== this.#stamp) this.reload();
  }

  #armEnd(): void {
    clearTimeout(this.#ending ?? undefined);
    const [next] = this.#edition.tuning.ending;
    if (next === undefined || this.#stopped) return;
    const leftMs = next.until - this.#now();
    // Where it has ended and still stands, nothing could be reloaded.
    const waitMs = leftMs <= 0 ? LOOK_MS : Math.min(leftMs, MAX_TIMER_MS);
    this.#ending = setTimeout(() => {
      this.#look();
      this.#armEnd();
    }, waitMs).unref();
  }

  /** The scope is what the sensor was started with. */
  #rereadConfig(): void {
    const { config, settings: first, log } = this.#options;
    if (config === null) return;
    try {
      const { settings, restart } = config.read();
      this.#settings = { ...settings, rule_scope: first.rule_scope };
      const names = restart.join(', ');
      if (names !== '' && names !== this.#restart)
        log.warn('settings changed that count only after a restart', { settings: names });
      this.#restart = names;
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      const { code, message } = error;
      log.error('the config is refused; the settings before stay in force', { code, message });
    }
  }

  get #files(): readonly string[] {
    const { rules, rule_pack: pack } = this.#adjusted;
    const { config } = this.#options;
    return [...rules, ...(pack === null ? [] : [pack]), ...(config?.paths ?? [])];
  }

  #stampNow(): string {
    return stampOf(this.#files);
  }

  #watchFiles(): Promise<void> {
    const trees = this.#files.filter(
      (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
    );
    return this.#options.watcher.watch({ files: this.#files.filter((path) => !trees.includes(path)), trees });
  }
}
