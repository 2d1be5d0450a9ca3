import type { Loss, ProcessExec } from '../../wire/index.ts';
import type { Fact } from '../fact.ts';
import type { Stance } from '../stance.ts';
import { type ClientAncestry, clientAbove, ownClient } from './client-ancestry.ts';
import type { GuardProcesses } from './guard-processes.ts';
import { alertServer, type KnownServer, serverFields } from './known-server.ts';
import type { Image } from './launch-chain.ts';
import type { LivingProcesses } from './living-process.ts';
import { commandLine, type ProcessEntry, type ProcessTable } from './process-table.ts';
import type { ProcessTracker } from './process-tracker.ts';
import { runningProgram } from './running-program.ts';
import { evidenceOf, packageDirectory, type ServerEvidence } from './server-evidence.ts';
import { sameImage } from './subtree.ts';
import { unmanagedServer } from './unmanaged-server.ts';

/** Milliseconds that a child must live before it is judged: `x --version` is no server. */
const JUDGE_AFTER_MS = 1_500;
/** Children of clients that wait for that at once; more are told as lost. */
const MAX_WAITING = 1_024;
/** Programs remembered that one child started meanwhile. */
const MAX_HELD = 256;
/** Ends of a standard stream that another process holds. */
const HELD_STREAM = /^(?:pipe|socket):/;

export interface UnmanagedServersOptions {
  readonly table: ProcessTable;
  readonly tracker: Pick<ProcessTracker, 'adopt' | 'belated' | 'explains'>;
  readonly stance: Pick<Stance, 'profile'>;
  readonly userName: (uid: number) => string;
  readonly isNew: (key: string) => boolean;
  readonly processes: LivingProcesses;
  /** What stands between clients and servers. */
  readonly guards: GuardProcesses;
  /** Whether configs of a client of this user and HOME are looked at. */
  readonly isWatched: (uid: number, home: string | null) => boolean;
  /** Resolves after a look at the host that began after the call. */
  readonly lookAgain: () => Promise<void>;
  /** A server was found; what it did until now is in the facts. */
  readonly onFound: (known: KnownServer, facts: readonly Fact[]) => void;
  readonly onLoss: (loss: Loss) => void;
  /** Told of a process that is no server, for those who tell more of what could be one. */
  readonly release: (pid: number) => void;
}

/** A child of a client that may turn out to be a server. */
interface Candidate {
  readonly event: ProcessExec;
  readonly entry: ProcessEntry;
  readonly image: Image;
  readonly ancestry: ClientAncestry;
  readonly timer: NodeJS.Timeout;
  /** What it started while it waited to be judged. */
  readonly held: ProcessExec[];
}

/**
 * Finds servers that no config explains: children that a client talks to over their standard streams and that
 * show themselves as speakers of MCP.
 */
export class UnmanagedServers {
  readonly #options: UnmanagedServersOptions;
  readonly #waiting = new Map<ProcessEntry, Candidate>();
  /** The image by which a process was judged, so that a sweep that repeats it asks nothing again. */
  readonly #judged = new WeakMap<ProcessEntry, Image>();
  /** Servers that a look at the host did not explain in this run. */
  readonly #unexplained = new Set<string>();
  #lost = 0;
  #stopped = false;

  constructor(options: UnmanagedServersOptions) {
    this.#options = options;
  }

  /** A process took an image; `entry` is what the table holds of it now. */
  observe(event: ProcessExec, entry: ProcessEntry): void {
    const judged = this.#judged.get(entry);
    if (judged !== undefined && sameImage(judged, entry)) return;
    this.#forget(entry);
    if (entry.membership !== null || this.#stopped) return;
    if (this.#waiting.size > 0) this.#hold(event, entry);
    const { guards } = this.#options;
    const ancestry = isTalkedTo(event) ? clientAbove(entry, guards) : null;
    // What comes out of it is of no interest to anybody, which may be a whole build.
    if (ancestry === null) this.#options.release(entry.pid);
    if (ancestry === null || runningProgram(entry).kind === 'launcher' || guards.has(entry)) return;
    if (ownClient(entry)?.serves === null) return;
    const image = { exe: entry.exe, argv: entry.argv };
    this.#judged.set(entry, image);
    if (this.#waiting.size >= MAX_WAITING) {
      this.#lost += 1;
      return;
    }
    this.#wait({ event, entry, image, ancestry });
  }

  stop(): void {
    this.#stopped = true;
    for (const { entry } of this.#waiting.values()) this.#forget(entry);
  }

  #wait(seen: Omit<Candidate, 'timer' | 'held'>): void {
    const timer = setTimeout(() => {
      this.#judge(candidate).catch(() => {
        this.#forget(seen.entry);
        this.#lost += 1;
      });
    }, JUDGE_AFTER_MS).unref();
    const candidate: Candidate = { ...seen, timer, held: [] };
    this.#waiting.set(seen.entry, candidate);
  }

  #forget(entry: ProcessEntry): void {
    const candidate = this.#waiting.get(entry);
    if (candidate === undefined) return;
    clearTimeout(candidate.timer);
    this.#waiting.delete(entry);
  }

  /** A candidate's deeds are kept until it is clear whether they are those of a server. */
  #hold(event: ProcessExec, entry: ProcessEntry): void {
    for (let at = entry.parent; at !== null; at = at.parent) {
      const held = this.#waiting.get(at)?.held;
      if (held === undefined) continue;
      if (held.length < MAX_HELD) held.push(event);
      else this.#lost += 1;
    }
  }

  async #judge(candidate: Candidate): Promise<void> {
    this.#tellLost();
    const { entry } = candidate;
    const isAsked = this.#isLiving(candidate) && this.#isWatched(candidate) && this.#talks(candidate);
    const evidence = isAsked ? this.#evidence(candidate) : null;
    if (evidence === null) {
      this.#forget(entry);
      this.#options.release(entry.pid);
      return;
    }
    const { userName, stance, lookAgain } = this.#options;
    const { profile } = stance;
    const { client } = candidate.ancestry;
    const about = { client, name: evidence.name, user: userName(entry.uid), profile };
    const known = unmanagedServer(entry, about);
    // Its config may be younger than the last look at the host.
    if (!this.#unexplained.has(known.discovered.server.id)) await lookAgain();
    if (this.#waiting.get(entry) !== candidate) return;
    this.#forget(entry);
    if (this.#stopped || entry.membership !== null) return;
    if ([entry, ...candidate.ancestry.steps].some((each) => this.#options.tracker.explains(each))) return;
    this.#report(candidate, known, evidence);
  }

  #isLiving({ entry, image }: Candidate): boolean {
    const isSame = this.#options.table.get(entry.pid) === entry && sameImage(entry, image);
    return isSame && entry.membership === null;
  }

  #isWatched({ ancestry: { process: client } }: Candidate): boolean {
    const { isWatched, processes } = this.#options;
    return isWatched(client.uid, processes.home(client.pid));
  }

  /**
   * Whether its standard input still comes from the client: in a pipeline of a shell it comes from another
   * command. What the kernel told at the exec counts where /proc may not be read. The guard hands on what the client
   * says by pipes of its own.
   */
  #talks({ event, entry, ancestry }: Candidate): boolean {
    const { table, processes, guards } = this.#options;
    const own = processes.streams(entry.pid);
    if (own === null) return event.image !== null;
    if (!HELD_STREAM.test(own.stdin) || !HELD_STREAM.test(own.stdout)) return false;
    const guard = ancestry.steps.findIndex((step) => guards.has(step));
    return ancestry.steps
      .slice(0, guard < 0 ? undefined : guard)
      .filter((step) => table.get(step.pid) === step)
      .map((step) => processes.streams(step.pid))
      .every((streams) => streams === null || streams.stdin === own.stdin);
  }

  #evidence({ entry, ancestry }: Candidate): ServerEvidence | null {
    const client = ownClient(entry);
    if (client !== null) return { found: [`command:${client.name} ${client.serves}`], name: client.name };
    const program = runningProgram(entry);
    if (program.kind === 'launcher') return null;
    return evidenceOf(program, packageDirectory(runningProgram(ancestry.process)));
  }

  #report(candidate: Candidate, known: KnownServer, evidence: ServerEvidence): void {
    const { tracker, isNew, onFound } = this.#options;
    const { id } = known.discovered.server;
    this.#unexplained.add(id);
    tracker.adopt(known, candidate.entry);
    const told = this.#fact(candidate, known, evidence, isNew(`unmanaged:${id}`));
    const deeds = [candidate.event, ...candidate.held].map((event) => tracker.belated(event));
    onFound(known, [told, ...deeds.flatMap((fact) => fact ?? [])]);
  }

  #fact({ event, entry }: Candidate, known: KnownServer, { found }: ServerEvidence, isFirst: boolean): Fact {
    const { table, userName } = this.#options;
    const { pid, exe, parent } = entry;
    const cmdline = commandLine(entry.argv);
    const user = userName(entry.uid);
    return {
      time: event.time,
      logsource: { category: 'approval', product: 'mcp' },
      fields: {
        ...serverFields(known),
        'mcp.change': 'unmanaged_server',
        'mcp.evidence': [...found],
        'mcp.reason': known.verdict.reason,
        'mcp.first_report': isFirst,
        'mcp.already_running': event.source === 'sweep',
        Image: exe,
        CommandLine: cmdline,
        CurrentDirectory: entry.cwd,
        ParentImage: parent?.exe ?? null,
        ParentCommandLine: parent === null ? null : commandLine(parent.argv),
        User: user,
        ProcessId: pid,
      },
      user,
      server: alertServer(known),
      actor: { pid, exe, cmdline, in_subtree: true },
      ancestry: table.ancestry(entry, userName),
      change: null,
    };
  }

  #tellLost(): void {
    const count = this.#lost;
    this.#lost = 0;
    const detail = 'clients started too much at once to find out which of it is a server and what it did';
    if (count > 0) this.#options.onLoss({ kind: 'loss', time: Date.now(), stage: 'queue', count, detail });
  }
}

/** By two pipes or sockets, as far as the source tells. */
function isTalkedTo({ image }: ProcessExec): boolean {
  return image === null || (image.stdin !== 'other' && image.stdout !== 'other');
}
