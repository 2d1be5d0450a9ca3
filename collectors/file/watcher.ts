import { type AsyncSubscription, type Event, subscribe } from '@parcel/watcher';
import type { Standing } from '../../wire/index.ts';
import type { Collector, EventSink } from '../collector.ts';
import { planWatch, type WatchedDirectory, type WatchPlan, type WatchRequest } from './watch-plan.ts';

/** Everything below the first level, dot files included: keeps a subscription to one directory. */
const BELOW_FIRST_LEVEL = ['*/*', '*/**/*'];

interface Subscription {
  readonly identity: string;
  readonly handle: AsyncSubscription;
  /** Its directory was removed: it tells nothing any more, even where a directory is there again. */
  isDead: boolean;
}

/**
 * Tells that watched paths may have changed. It never watches a whole home: each wanted file costs its
 * directory only, and only package trees are watched deep.
 */
export class FileWatcher implements Collector {
  readonly name = 'file/watcher';
  readonly #subscriptions = new Map<string, Subscription>();
  #sink: EventSink = () => {};
  #plan: WatchPlan = planWatch({ files: [], trees: [] });
  #work: Promise<void> = Promise.resolve();
  #reported = '';
  #stopped = false;

  async start(sink: EventSink): Promise<void> {
    this.#sink = sink;
  }

  /** Watches what is asked for from now on and nothing else. Resolves once all of it is armed. */
  watch(request: WatchRequest): Promise<void> {
    if (!this.#stopped) this.#work = this.#work.then(() => this.#apply(planWatch(request)));
    return this.#work;
  }

  async stop(): Promise<void> {
    this.#sink = () => {};
    const ended = this.watch({ files: [], trees: [] });
    this.#stopped = true;
    await ended;
  }

  /** Directories watched now. */
  get size(): number {
    return this.#subscriptions.size;
  }

  /** Directories that are watched, as of the last plan. */
  get directories(): readonly WatchedDirectory[] {
    return this.#plan.directories;
  }

  async #apply(plan: WatchPlan): Promise<void> {
    this.#plan = plan;
    const wanted = new Map(plan.directories.map((directory) => [keyOf(directory), directory]));
    for (const [key, { identity, handle, isDead }] of this.#subscriptions) {
      if (wanted.get(key)?.identity === identity && !isDead) continue;
      this.#subscriptions.delete(key);
      await handle.unsubscribe().catch(() => {});
    }
    const failures: string[] = [];
    for (const [key, directory] of wanted) {
      if (this.#subscriptions.has(key)) continue;
      try {
        this.#subscriptions.set(key, {
          identity: directory.identity,
          handle: await this.#subscribe(directory),
          isDead: false,
        });
      } catch (error) {
        failures.push(`${directory.path}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.#report(failures, plan.omitted);
  }

  #subscribe(directory: WatchedDirectory): Promise<AsyncSubscription> {
    const options = directory.depth === 'shallow' ? { ignore: BELOW_FIRST_LEVEL } : {};
    return subscribe(directory.path, (error, events) => this.#receive(directory, error, events), options);
  }

  #receive(directory: WatchedDirectory, error: Error | null, events: readonly Event[]): void {
    const time = Date.now();
    if (error !== null) {
      this.#sink({
        kind: 'loss',
        time,
        stage: 'watcher',
        count: 1,
        detail: `${directory.path}: ${error.message}`,
      });
      this.#sink({ kind: 'path_change', time, path: directory.path, change: 'update' });
      return;
    }
    for (const { path, type } of events) {
      if (type === 'delete' && path === directory.path) this.#giveUp(directory);
      if (this.#plan.concerns(path)) this.#sink({ kind: 'path_change', time, path, change: type });
    }
  }

  /**
   * Leaves the end of a subscription to the next plan: the library gives one that is asked for meanwhile
   * the dying one's watch, which never tells anything again.
   */
  #giveUp(directory: WatchedDirectory): void {
    const subscription = this.#subscriptions.get(keyOf(directory));
    if (subscription !== undefined) subscription.isDead = true;
  }

  #report(failures: readonly string[], omitted: number): void {
    const missing = failures.length + omitted;
    const detail =
      missing === 0
        ? ''
        : `${missing} directories are not watched (${failures[0] ?? 'over the limit'}); they are still compared every minute`;
    if (detail === this.#reported) return;
    this.#reported = detail;
    const standing: Standing =
      missing === 0
        ? { state: 'ok', code: null }
        : { state: 'degraded', code: failures.length > 0 ? 'watch-refused' : 'watch-limit' };
    this.#sink({ kind: 'health', time: Date.now(), collector: this.name, ...standing, detail });
  }
}

function keyOf(directory: WatchedDirectory): string {
  return `${directory.depth}:${directory.path}`;
}
