import { type Stats, statSync } from 'node:fs';
import { dirname, sep } from 'node:path';

/** Directories watched at the most; each shallow one costs an inotify watch for itself and each child directory. */
export const MAX_WATCHED_DIRECTORIES = 4_096;

/** What must be noticed: single files, which need not exist yet, and whole trees. Absolute paths. */
export interface WatchRequest {
  readonly files: readonly string[];
  readonly trees: readonly string[];
}

export interface WatchedDirectory {
  readonly path: string;
  readonly depth: 'shallow' | 'recursive';
  /** Device, inode and birth (an inode number is soon used again), so that a directory put in its place is noticed. */
  readonly identity: string;
}

/** Which directories to watch for a request, and which of their events matter. */
export interface WatchPlan {
  readonly directories: readonly WatchedDirectory[];
  /** Directories over the limit. */
  readonly omitted: number;
  concerns(path: string): boolean;
}

function directoryAt(path: string): Stats | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() ? stat : null;
}

/** The directory to watch for a file: its parent, or where that is missing the nearest one above that exists. */
function nearestDirectory(file: string): { readonly path: string; readonly stat: Stats } | null {
  for (let path = dirname(file); ; path = dirname(path)) {
    try {
      const stat = directoryAt(path);
      if (stat !== null) return { path, stat };
    } catch {
      // Not ours to look into, or a file where a directory should be: the one above still tells of a change.
    }
    if (path === dirname(path)) return null;
  }
}

/** Plans the watch of a request on the file system as it is now. */
export function planWatch(request: WatchRequest): WatchPlan {
  const wanted = new Map<string, WatchedDirectory>();
  const add = (path: string, depth: WatchedDirectory['depth'], stat: Stats) =>
    wanted.set(`${depth}:${path}`, { path, depth, identity: `${stat.dev}:${stat.ino}:${stat.birthtimeMs}` });
  for (const tree of request.trees) {
    const nearest = nearestDirectory(`${tree}${sep}.`);
    if (nearest !== null) add(nearest.path, nearest.path === tree ? 'recursive' : 'shallow', nearest.stat);
  }
  for (const file of request.files) {
    const nearest = nearestDirectory(file);
    if (nearest !== null) add(nearest.path, 'shallow', nearest.stat);
  }
  const directories = [...wanted.values()];
  return {
    directories: directories.slice(0, MAX_WATCHED_DIRECTORIES),
    omitted: Math.max(0, directories.length - MAX_WATCHED_DIRECTORIES),
    concerns: concernOf(request),
  };
}

/** A path matters if it is a wanted file, a directory above one, or lies in a wanted tree. */
function concernOf(request: WatchRequest): (path: string) => boolean {
  const exact = new Set<string>();
  for (const path of [...request.files, ...request.trees]) {
    for (let at = path; !exact.has(at); at = dirname(at)) exact.add(at);
  }
  const trees = request.trees.map((tree) => `${tree}${sep}`);
  return (path) => exact.has(path) || trees.some((tree) => path.startsWith(tree));
}
