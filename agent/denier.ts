import { alertServer, type KnownServer, serverFields } from './enrich/known-server.ts';
import { commandLine, type ProcessEntry, type ProcessTable } from './enrich/process-table.ts';
import type { Fact } from './fact.ts';
import type { Stance } from './stance.ts';

/** Roots remembered of which a denial was told; the oldest is forgotten first. */
const MAX_TOLD = 1_000;

export interface DenierOptions {
  readonly stance: Stance;
  readonly table: ProcessTable;
  /** Start time of a living process in clock ticks since boot; null where it is gone. */
  readonly startOf: (pid: number) => number | null;
  /** Ends a process; throws where that is not allowed. */
  readonly kill: (pid: number, start: number) => void;
  readonly userName: (uid: number) => string;
}

/**
 * Ends what may not run: every process of a server whose ruling is `deny`, and in production a program that the
 * approval's policy does not allow. It comes after the start, so the process may have run for some milliseconds;
 * only who stands in front of the start can do better.
 */
export class Denier {
  readonly #options: DenierOptions;
  readonly #told = new Set<string>();

  constructor(options: DenierOptions) {
    this.#options = options;
  }

  /** A process joined a subtree or took a new image. */
  joined(entry: ProcessEntry, known: KnownServer): readonly Fact[] {
    const { denial, profile } = this.#options.stance;
    if (denial === 'report') return [];
    if (known.verdict.ruling === 'deny') return this.#deny([entry], known, known.verdict.reason);
    if (entry.denied === null || profile !== 'production') return [];
    return this.#deny([entry], known, `its policy refuses ${entry.exe} (${entry.denied})`);
  }

  /** A look at the host may have changed what is ruled about servers that run. */
  reviewed(servers: readonly KnownServer[]): readonly Fact[] {
    if (this.#options.stance.denial === 'report') return [];
    return servers
      .filter(({ verdict }) => verdict.ruling === 'deny')
      .flatMap((known) => {
        const members = this.#options.table.members(known.discovered.server.id);
        return this.#deny(members, known, known.verdict.reason);
      });
  }

  /** One fact for each start of a server: what it forks while it is being ended is part of the same deed. */
  #deny(entries: readonly ProcessEntry[], known: KnownServer, reason: string): readonly Fact[] {
    const [first] = entries;
    if (first === undefined) return [];
    const failed = entries.filter((entry) => !this.#end(entry));
    const key = `${known.discovered.server.id}:${first.membership?.rootPid}:${first.denied === null ? '' : first.pid}`;
    if (this.#told.has(key)) return [];
    this.#told.add(key);
    for (const oldest of this.#told) {
      if (this.#told.size <= MAX_TOLD) break;
      this.#told.delete(oldest);
    }
    return [this.#fact(first, known, { reason, count: entries.length, failed: failed.length })];
  }

  /** Whether it is ended now; a pid that has another owner by now is left alone. */
  #end(entry: ProcessEntry): boolean {
    const { startOf, kill } = this.#options;
    if (entry.pid <= 1 || entry.pid === process.pid) return false;
    if (startOf(entry.pid) !== entry.start) return true;
    try {
      kill(entry.pid, entry.start);
      return true;
    } catch {
      return startOf(entry.pid) !== entry.start;
    }
  }

  #fact(
    entry: ProcessEntry,
    known: KnownServer,
    denial: { readonly reason: string; readonly count: number; readonly failed: number },
  ): Fact {
    const { table, userName } = this.#options;
    const cmdline = commandLine(entry.argv);
    const user = userName(entry.uid);
    return {
      time: Date.now(),
      logsource: { category: 'approval', product: 'mcp' },
      fields: {
        ...serverFields(known),
        'mcp.change': 'server_denied',
        'mcp.denial': denial.failed === 0 ? 'ended' : 'failed',
        'mcp.denied_processes': denial.count,
        'mcp.approval_code': known.verdict.code,
        'mcp.policy': entry.denied ?? 'none',
        'mcp.reason': denial.reason,
        Image: entry.exe,
        CommandLine: cmdline,
        User: user,
        ProcessId: entry.pid,
      },
      user,
      server: alertServer(known),
      actor: { pid: entry.pid, exe: entry.exe, cmdline, in_subtree: true },
      ancestry: table.ancestry(entry, userName),
      change: null,
    };
  }
}
