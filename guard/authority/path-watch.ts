import { type FSWatcher, lstatSync, readdirSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Inventory } from '../../inventory/index.ts';

/** Directories of trees that are watched; those past it are looked at every POLL_MS instead. */
const MAX_TREE_DIRECTORIES = 20_000;
/** Milliseconds between two looks where something cannot be watched. */
const POLL_MS = 1_000;
/** Single files whose times are compared by `probe`. */
const MAX_PROBED_FILES = 64;
/** Milliseconds within which `probe` looks once. */
const PROBE_MS = 50;

type Plan = Inventory['watch'];

/**
 * Tells that something was touched that decides. Single files are watched by their directory and every directory
 * above it, so that a rename on the way is heard of as well; trees by each of their directories. What inotify is not
 * told of (writes by mmap) shows in the times of a file, which `probe` compares.
 */
export class PathWatch {
  readonly #onTouch: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  /** Names that matter in a directory; null where all do. */
  #names: ReadonlyMap<string, ReadonlySet<string> | null> = new Map();
  #key = '';
  /** Directories that were not there. */
  readonly #absent = new Set<string>();
  #probed: ReadonlyMap<string, string> = new Map();
  #lastProbe = 0;
  #poll: NodeJS.Timeout | null = null;

  constructor(onTouch: () => void) {
    this.#onTouch = onTouch;
  }

  /** Whether some of it cannot be watched, so that a change shows within a second only. */
  get polls(): boolean {
    return this.#poll !== null;
  }

  /** Watches this from now on. */
  follow(plan: Plan): void {
    const { names, complete } = namesOf(plan);
    const key = JSON.stringify([...names].map(([directory, wanted]) => [directory, wanted && [...wanted]]));
    this.#probed = timesOf(plan.files.slice(0, MAX_PROBED_FILES));
    if (key === this.#key && this.#absent.size === 0) return;
    this.#key = key;
    this.#names = names;
    for (const [directory, watcher] of this.#watchers) {
      if (names.has(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    this.#absent.clear();
    const watched = this.#watchers.size;
    const missed = [...names.keys()].filter((directory) => !this.#watch(directory));
    this.#setPolling(!complete || missed.length > 0);
    // What happened there before nobody has told, nor did the last look see all of it.
    if (this.#watchers.size > watched) setImmediate(this.#onTouch);
  }

  /** Compares the times of the single files, at most every PROBE_MS. */
  probe(): void {
    const now = performance.now();
    if (now - this.#lastProbe < PROBE_MS) return;
    this.#lastProbe = now;
    for (const [path, times] of this.#probed) {
      if (timesAt(path) === times) continue;
      this.#onTouch();
      return;
    }
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    this.#setPolling(false);
  }

  /** False where it should be watched and cannot. */
  #watch(directory: string): boolean {
    if (this.#watchers.has(directory)) return true;
    try {
      const watcher = watch(directory, { persistent: false }, (event, name) => {
        if (event === 'rename') this.#forget(name === null ? directory : join(directory, name));
        this.#heard(directory, name);
      });
      watcher.on('error', () => {
        // Gone, or moved away: the look that follows says what to watch instead.
        watcher.close();
        this.#watchers.delete(directory);
        this.#key = '';
        this.#onTouch();
      });
      this.#watchers.set(directory, watcher);
      return true;
    } catch (error) {
      const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (isAbsent) this.#absent.add(directory);
      return isAbsent;
    }
  }

  #heard(directory: string, name: string | null): void {
    const wanted = this.#names.get(directory);
    if (wanted === undefined) return;
    // A directory that is itself moved or removed is told of under its own name.
    const isItself = name === basename(directory);
    if (isItself) this.#forget(directory);
    if (wanted === null || name === null || wanted.has(name) || isItself) this.#onTouch();
  }

  /** What was watched under a name may be another directory by now: it is watched anew at the next `follow`. */
  #forget(path: string): void {
    if (!this.#watchers.has(path)) return;
    this.#key = '';
    for (const [directory, watcher] of this.#watchers) {
      if (directory !== path && !directory.startsWith(`${path}/`)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
  }

  #setPolling(on: boolean): void {
    if (on === this.polls) return;
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#poll = on ? setInterval(this.#onTouch, POLL_MS) : null;
    this.#poll?.unref();
  }
}

function namesOf({ files, trees }: Plan) {
  const names = new Map<string, Set<string> | null>();
  const add = (directory: string, name: string) => {
    const wanted = names.get(directory);
    if (wanted === undefined) names.set(directory, new Set([name]));
    else wanted?.add(name);
  };
  for (const path of [...files, ...trees]) {
    for (let place = path; place !== dirname(place); place = dirname(place))
      add(dirname(place), basename(place));
  }
  let left = MAX_TREE_DIRECTORIES;
  for (const tree of trees) {
    for (const directory of directoriesBelow(tree, left)) {
      left -= 1;
      names.set(directory, null);
    }
  }
  return { names, complete: left > 0 };
}

function directoriesBelow(root: string, limit: number): readonly string[] {
  const found: string[] = [];
  const waiting = [root];
  for (let place = waiting.pop(); place !== undefined && found.length < limit; place = waiting.pop()) {
    try {
      const items = readdirSync(place, { withFileTypes: true });
      found.push(place);
      for (const item of items) if (item.isDirectory()) waiting.push(join(place, item.name));
    } catch {
      // Not there, or not a directory: what lies above tells when it comes.
    }
  }
  return found;
}

function timesOf(paths: readonly string[]): ReadonlyMap<string, string> {
  return new Map(paths.map((path) => [path, timesAt(path)]));
}

function timesAt(path: string): string {
  try {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? '' : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
  } catch {
    return '';
  }
}
