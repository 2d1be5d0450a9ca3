import { readFileSync } from 'node:fs';

/** Bytes of a table that is read, and mounts kept of it. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_MOUNTS = 10_000;
/** Milliseconds after which the table is read again. */
const FRESH_MS = 5_000;

interface Mount {
  /** The part of the file system that is mounted. */
  readonly root: string;
  readonly point: string;
}

/** Where the file systems of this host are mounted: /proc/self/mountinfo, proc_pid_mountinfo(5). */
export class MountTable {
  readonly #read: () => string;
  readonly #now: () => number;
  #mounts: ReadonlyMap<string, readonly Mount[]> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(read: () => string = readOwn, now: () => number = () => performance.now()) {
    this.#read = read;
    this.#now = now;
  }

  /**
   * Where a path of a file system stands on this host; null where it is not mounted here. `device` is
   * `major:minor`.
   */
  pathOf(device: string, path: string | null): string | null {
    if (path === null) return null;
    if (this.#now() - this.#readAt > FRESH_MS) this.#refresh();
    const mounts = (this.#mounts.get(device) ?? []).filter(({ root }) => isBelow(path, root));
    const [best] = mounts.toSorted((a, b) => b.root.length - a.root.length);
    if (best === undefined) return null;
    const rest = best.root === '/' ? path : path.slice(best.root.length);
    const point = best.point === '/' ? '' : best.point;
    return `${point}${rest === '/' ? '' : rest}` || '/';
  }

  #refresh(): void {
    this.#readAt = this.#now();
    const mounts = new Map<string, Mount[]>();
    for (const line of this.#read().split('\n', MAX_MOUNTS)) {
      const [, , device, root, point] = line.split(' ');
      if (device === undefined || root === undefined || point === undefined) continue;
      const known = mounts.get(device) ?? [];
      known.push({ root: unescaped(root), point: unescaped(point) });
      mounts.set(device, known);
    }
    this.#mounts = mounts;
  }
}

function isBelow(path: string, root: string): boolean {
  return root === '/' || path === root || path.startsWith(`${root}/`);
}

/** Blanks and backslashes come as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function readOwn(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8').slice(0, MAX_BYTES);
  } catch {
    return '';
  }
}
