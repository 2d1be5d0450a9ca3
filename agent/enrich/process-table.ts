import type { DenialCode } from '../../approval/index.ts';
import { redactArgs } from '../../inventory/index.ts';
import type { Ancestor, ProcessExec, ProcessExit, ProcessFork } from '../../wire/index.ts';

/** Ancestors kept of a process; a longer lineage loses its far end, never its membership. */
const MAX_LINEAGE = 64;
/** Ancestors named in an alert. */
const MAX_ANCESTRY = 16;
/** Processes remembered after their end: what they wrote may be told later than that they ended. */
const MAX_ENDED = 4_096;
/** Characters of a command line in an alert. */
export const MAX_CMDLINE_CHARS = 4_096;

/**
 * What a process is to an MCP server: on the way to it (`launcher`), the server itself, or something that
 * came out of it (`inside`).
 */
export type ProcessRole = 'launcher' | 'server' | 'inside';

/** Membership of a server's subtree. It is inherited at fork and never lost. */
export interface Membership {
  readonly serverId: string;
  readonly role: ProcessRole;
  /** The process that the client started for this server. */
  readonly rootPid: number;
  /** The container that the process is in; paths of such a process are those of another mount namespace. */
  readonly container?: MemberContainer;
}

export interface MemberContainer {
  readonly id: string;
  /** Several clients asked for the same container at once: this is one of those that they got. */
  readonly guessed: boolean;
}

export interface ProcessEntry {
  readonly pid: number;
  readonly start: number;
  parent: ProcessEntry | null;
  uid: number;
  exe: string;
  argv: readonly string[];
  cwd: string | null;
  membership: Membership | null;
  /** Why the policy of its server's approval does not allow this image; null where nothing speaks against it. */
  denied: DenialCode | null;
  /** The kernel was seen to hold the membership as well. */
  marked: boolean;
  /** `NAME=value` of variables that steer a loader or interpreter, where the kernel told them. */
  loaderVariables: readonly string[];
  /** Size of the file of its image, where the kernel told it. */
  bytes: number | null;
  /** Effective capabilities, where they are known. */
  capabilities: bigint | null;
}

/**
 * Every process as it was when it was last heard of. Parents are those at fork, so reparenting and the
 * parent's exit change nothing.
 */
export class ProcessTable {
  readonly #live = new Map<number, ProcessEntry>();
  readonly #ended = new Map<number, ProcessEntry>();
  #maxEnded = MAX_ENDED;

  get size(): number {
    return this.#live.size;
  }

  get(pid: number): ProcessEntry | null {
    return this.#live.get(pid) ?? null;
  }

  fork(event: ProcessFork): ProcessEntry {
    const known = this.#live.get(event.pid);
    if (known !== undefined && known.start === event.start) return known;
    const parent = this.#live.get(event.ppid) ?? null;
    const entry: ProcessEntry = {
      pid: event.pid,
      start: event.start,
      parent,
      uid: event.uid,
      exe: parent?.exe ?? '',
      argv: parent?.argv ?? [],
      cwd: parent?.cwd ?? null,
      membership: parent?.membership ?? null,
      denied: null,
      marked: false,
      loaderVariables: parent?.loaderVariables ?? [],
      bytes: parent?.bytes ?? null,
      capabilities: parent?.capabilities ?? null,
    };
    this.#live.set(event.pid, cutLineage(entry));
    return entry;
  }

  /** Takes in a new image. A sweep tells nothing new of a process that is already known. */
  exec(event: ProcessExec): { readonly entry: ProcessEntry; readonly fresh: boolean } {
    const known = this.#live.get(event.pid);
    const same = known !== undefined && known.start === event.start;
    if (same && event.source === 'sweep' && known.argv.length > 0) return { entry: known, fresh: false };
    const entry = same ? known : this.fork({ ...event, kind: 'process_fork', member: null });
    entry.uid = event.uid;
    entry.exe = event.exe;
    entry.argv = event.argv;
    entry.cwd = event.cwd;
    entry.denied = null;
    entry.bytes = event.image?.size ?? null;
    if (event.image !== null) {
      entry.loaderVariables = event.image.loader_variables;
      entry.capabilities = BigInt(`0x${event.image.capabilities}`);
    }
    return { entry, fresh: true };
  }

  exit(event: ProcessExit): void {
    const entry = this.#live.get(event.pid);
    if (entry === undefined || (event.start !== 0 && entry.start !== event.start)) return;
    this.#live.delete(event.pid);
    this.#ended.delete(event.pid);
    this.#ended.set(event.pid, entry);
    this.#forgetOldest();
  }

  /** From now on remembers so many processes after their end. */
  keepEnded(max: number = MAX_ENDED): void {
    this.#maxEnded = max;
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= this.#maxEnded) return;
      this.#ended.delete(oldest);
    }
  }

  /** A process that lives or ended a while ago; `start` null takes whoever had the pid last. */
  recent(pid: number, start: number | null): ProcessEntry | null {
    const found = [this.#live.get(pid), this.#ended.get(pid)];
    return found.find((entry) => entry !== undefined && (start === null || entry.start === start)) ?? null;
  }

  /** Every living process of a server's subtree. */
  members(serverId: string): readonly ProcessEntry[] {
    return [...this.#live.values()].filter(({ membership }) => membership?.serverId === serverId);
  }

  /** Every living process that belongs to a server. */
  allMembers(): readonly ProcessEntry[] {
    return [...this.#live.values()].filter(({ membership }) => membership !== null);
  }

  /** Every living process, the one heard of first before the others. */
  living(): readonly ProcessEntry[] {
    return [...this.#live.values()];
  }

  /** What came out of a process, whoever lives or ended a while ago. */
  descendants(root: ProcessEntry): readonly ProcessEntry[] {
    return [...this.#ended.values(), ...this.#live.values()].filter((entry) => {
      let at = entry.parent;
      while (at !== null && at !== root) at = at.parent;
      return at === root;
    });
  }

  /** Ancestors of a process, nearest first. */
  ancestry(entry: ProcessEntry, userName: (uid: number) => string): readonly Ancestor[] {
    const ancestors: Ancestor[] = [];
    for (let at = entry.parent; at !== null && ancestors.length < MAX_ANCESTRY; at = at.parent) {
      ancestors.push({
        pid: at.pid,
        start: at.start,
        exe: at.exe,
        cmdline: commandLine(at.argv),
        user: userName(at.uid),
      });
    }
    return ancestors;
  }
}

function cutLineage(entry: ProcessEntry): ProcessEntry {
  let at: ProcessEntry | null = entry;
  for (let depth = 0; at !== null && depth < MAX_LINEAGE; depth += 1) at = at.parent;
  if (at !== null) at.parent = null;
  return entry;
}

/** Words without secrets, by argument vector: each is shown again with every deed of its process and those below. */
const shown = new WeakMap<readonly string[], readonly string[]>();

function shownWords(argv: readonly string[]): readonly string[] {
  const known = shown.get(argv);
  if (known !== undefined) return known;
  const words = redactArgs(argv, 'show');
  shown.set(argv, words);
  return words;
}

/** Words of a command line joined for rules and people, secrets taken out; `from` leaves out the first ones. */
export function commandLine(argv: readonly string[], from = 0): string {
  const text = shownWords(argv).slice(from).join(' ');
  return text.length > MAX_CMDLINE_CHARS ? `${text.slice(0, MAX_CMDLINE_CHARS)}…` : text;
}
