import { execFile } from 'node:child_process';
import { existsSync, lstatSync } from 'node:fs';
import { ACCESS_LIST_TIMEOUT_MS, MAX_ACCESS_LIST_BYTES, MAX_KNOWN_ACCESS_LISTS } from '../../limits.ts';

/** Who an access control list lets write, beside owner and others: the extended entries, the mask applied. */
export interface AccessList {
  readonly users: readonly number[];
  readonly groups: readonly number[];
  /** Whether the owning group may write; with such a list the mode's group bits are the mask instead. */
  readonly owningGroup: boolean;
}

/** A list as it was read, valid while `version` is that of the file (or tree) it is asked for. */
export interface KnownAccessList {
  readonly version: string;
  readonly list: AccessList | null;
}

/** Reads lists of single paths, or of all that lies below them. Answers why where that cannot be done. */
export type AccessListReader = (
  paths: readonly string[],
  recursive: boolean,
) => Promise<ReadonlyMap<string, AccessList> | { readonly reason: string }>;

/** Paths per run of getfacl: 256 of the longest (PATH_MAX) stay below the kernel's limit for arguments. */
const PATHS_PER_RUN = 256;
const GETFACL = ['/usr/bin/getfacl', '/bin/getfacl'] as const;
const TREE = 'tree:';

/**
 * The access control lists of one scan. Node cannot read them, so a scan asks for paths, `readWanted` reads
 * those not known with one external program, and where that told something new the scan judges again. Setting
 * a list changes a file's ctime, so what was read stays known until then.
 */
export class AccessLists {
  readonly #known: Map<string, KnownAccessList>;
  readonly #reader: AccessListReader;
  readonly #judged = new Map<string, AccessList | null>();
  readonly #wanted = new Map<string, string>();
  #unread: string | null = null;

  /** `known` is kept between scans; what is read is added to it. */
  constructor(known: Map<string, KnownAccessList>, reader: AccessListReader = readPosixLists) {
    this.#known = known;
    this.#reader = reader;
  }

  /** Why lists were not read, in words for Server.assumptions; null where they were. */
  get unread(): string | null {
    return this.#unread;
  }

  /** The list of one path, null where it has none that goes beyond the mode, or none was read yet. */
  of(path: string): AccessList | null {
    const judged = this.#judged.get(path);
    if (judged !== undefined) return judged;
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    const isListed = stat !== undefined && !stat.isSymbolicLink();
    return isListed ? this.#lookUp(path, `${stat.dev}:${stat.ino}:${stat.ctimeNs}`) : null;
  }

  /** All lists in a tree taken together; `version` must change with any ctime in it. */
  ofTree(root: string, version: string): AccessList | null {
    return this.#judged.get(TREE + root) ?? this.#lookUp(TREE + root, version);
  }

  /** Reads what was asked for and is not known. True where an answer that was given would now be another. */
  async readWanted(): Promise<boolean> {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    const trees = wanted.filter(([key]) => key.startsWith(TREE));
    const files = wanted.filter(([key]) => !key.startsWith(TREE));
    const inFiles = await this.#read(files, false);
    const inTrees = await this.#read(trees, true);
    while (this.#known.size > MAX_KNOWN_ACCESS_LISTS) {
      const [oldest = ''] = this.#known.keys();
      this.#known.delete(oldest);
    }
    return inFiles || inTrees;
  }

  #lookUp(key: string, version: string): AccessList | null {
    const known = this.#known.get(key);
    if (known === undefined || known.version !== version) {
      this.#wanted.set(key, version);
      return null;
    }
    this.#judged.set(key, known.list);
    return known.list;
  }

  async #read(
    wanted: readonly (readonly [key: string, version: string])[],
    trees: boolean,
  ): Promise<boolean> {
    let isNews = false;
    for (let at = 0; at < wanted.length && this.#unread === null; at += PATHS_PER_RUN) {
      const batch = wanted.slice(at, at + PATHS_PER_RUN);
      const pathOf = (key: string) => (trees ? key.slice(TREE.length) : key);
      const lists = await this.#reader(
        batch.map(([key]) => pathOf(key)),
        trees,
      );
      if ('reason' in lists) {
        this.#unread = lists.reason;
        return isNews;
      }
      for (const [key, version] of batch) {
        const list = trees ? mergedBelow(lists, pathOf(key)) : (lists.get(key) ?? null);
        this.#known.delete(key);
        this.#known.set(key, { version, list });
        this.#judged.set(key, list);
        isNews ||= list !== null;
      }
    }
    return isNews;
  }
}

function mergedBelow(lists: ReadonlyMap<string, AccessList>, root: string): AccessList | null {
  const below = [...lists].filter(([path]) => path === root || path.startsWith(`${root}/`));
  if (below.length === 0) return null;
  return {
    users: [...new Set(below.flatMap(([, list]) => list.users))],
    groups: [...new Set(below.flatMap(([, list]) => list.groups))],
    owningGroup: below.some(([, list]) => list.owningGroup),
  };
}

/** POSIX lists by getfacl(1), which prints only those that say more than the mode. Linux only. */
export const readPosixLists: AccessListReader = async (paths, recursive) => {
  const program = process.platform === 'linux' ? GETFACL.find(existsSync) : undefined;
  if (program === undefined) {
    const why =
      process.platform === 'linux' ? 'getfacl is not installed' : `not supported on ${process.platform}`;
    return { reason: `access control lists were not read: ${why}` };
  }
  const flags = ['--absolute-names', '--skip-base', '--numeric', '--physical', ...(recursive ? ['-R'] : [])];
  const options = { timeout: ACCESS_LIST_TIMEOUT_MS, maxBuffer: MAX_ACCESS_LIST_BYTES, env: { LC_ALL: 'C' } };
  return new Promise((resolve) => {
    execFile(program, [...flags, '--', ...paths], options, (error, output) => {
      // It exits with 1 where one of the paths is gone by now; the others are told all the same.
      if (error === null || error.code === 1) resolve(parsePosixLists(output));
      else resolve({ reason: 'access control lists were not read: getfacl failed' });
    });
  });
};

/** Reads the output of `getfacl --numeric` (acl(5), "Long text form"): who may write each file. */
export function parsePosixLists(text: string): ReadonlyMap<string, AccessList> {
  const lists = new Map<string, AccessList>();
  for (const block of text.split('\n\n')) {
    const lines = block.split('\n');
    const path = lines.find((line) => line.startsWith('# file: '))?.slice('# file: '.length);
    const entries = lines.flatMap((line) => {
      const [, kind = '', id = '', rights = ''] = /^(user|group|mask):(\d*):([rwx-]{3})/.exec(line) ?? [];
      return rights[1] === 'w' ? [{ kind, id }] : [];
    });
    const hasMask = lines.some((line) => line.startsWith('mask:'));
    // Without a mask there are default entries only: they decide about files to come.
    if (path === undefined || !hasMask) continue;
    const writing = entries.some(({ kind }) => kind === 'mask') ? entries : [];
    const named = (wanted: string) =>
      writing.filter(({ kind, id }) => kind === wanted && id !== '').map(({ id }) => Number(id));
    lists.set(unquoted(path), {
      users: named('user'),
      groups: named('group'),
      owningGroup: writing.some(({ kind, id }) => kind === 'group' && id === ''),
    });
  }
  return lists;
}

/** getfacl spells control characters and backslashes as `\ooo` and `\\`. */
function unquoted(path: string): string {
  return path.replace(/\\(\\|[0-7]{3})/g, (_, code: string) =>
    code === '\\' ? '\\' : String.fromCharCode(Number.parseInt(code, 8)),
  );
}
