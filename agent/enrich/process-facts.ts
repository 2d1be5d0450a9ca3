import { basename } from 'node:path';
import { redactArgs } from '../../inventory/index.ts';
import type { ExecImage, FieldValue, ProcessExec } from '../../wire/index.ts';
import type { Fact, LogSource } from '../fact.ts';
import { alertServer, type KnownServer, serverFields } from './known-server.ts';
import type { Image } from './launch-chain.ts';
import type { PolicyAnswer } from './policy-checks.ts';
import { commandLine, type Membership, type ProcessEntry, type ProcessTable } from './process-table.ts';

export interface ProcessFactsOptions {
  readonly table: ProcessTable;
  readonly userName: (uid: number) => string;
  readonly product: 'linux' | 'macos';
}

/** What a process was before it took a new image. */
export interface Before {
  readonly image: Image;
  readonly uid: number;
  readonly capabilities: bigint | null;
  readonly loaderVariables: readonly string[];
}

/** What is judged of a new image beside what the event says. */
export interface ExecJudgement {
  readonly policy: PolicyAnswer;
  readonly disguised: boolean;
  readonly before: Before | null;
}

type Fields = Readonly<Record<string, FieldValue>>;

/** A fact about a process of a server's subtree. */
export interface MemberFact {
  readonly entry: ProcessEntry;
  readonly membership: Membership;
  readonly known: KnownServer;
  readonly time: number;
  readonly category: string;
  readonly fields: Fields;
}

/** Puts what processes of servers do into facts. */
export class ProcessFacts {
  readonly #options: ProcessFactsOptions;

  constructor(options: ProcessFactsOptions) {
    this.#options = options;
  }

  /** A fact that names the process, its ancestry and its server. */
  ofMember({ entry, membership, known, time, category, fields }: MemberFact): Fact {
    const { table, userName, product } = this.#options;
    const user = userName(entry.uid);
    const cmdline = commandLine(entry.argv);
    const logsource: LogSource = { category, product };
    return {
      time,
      logsource,
      fields: {
        Image: entry.exe,
        CommandLine: cmdline,
        User: user,
        ProcessId: entry.pid,
        ...serverFields(known),
        'mcp.in_subtree': true,
        'mcp.in_launch_chain': membership.role !== 'inside',
        'mcp.is_server': membership.role === 'server',
        'mcp.is_launcher': membership.role === 'launcher',
        ...containerFields(membership),
        ...fields,
      },
      user,
      server: alertServer(known),
      actor: { pid: entry.pid, exe: entry.exe, cmdline, in_subtree: true },
      ancestry: table.ancestry(entry, userName),
      change: null,
    };
  }

  /** A new image of a member. */
  exec(
    event: ProcessExec,
    entry: ProcessEntry,
    membership: Membership,
    known: KnownServer,
    { policy, disguised, before }: ExecJudgement,
  ): Fact {
    const fields = {
      ...execFields(event, entry),
      'mcp.policy': policy,
      'mcp.disguised_shell': disguised,
      ...(before === null ? {} : changeFields(entry, before, event.image)),
    };
    const category = 'process_creation';
    return this.ofMember({ entry, membership, known, time: event.time, category, fields });
  }

  /** A new image of a process that belongs to no server. */
  outside(event: ProcessExec, entry: ProcessEntry): Fact {
    const { table, userName, product } = this.#options;
    const user = userName(entry.uid);
    const cmdline = commandLine(entry.argv);
    return {
      time: event.time,
      logsource: { category: 'process_creation', product },
      fields: {
        Image: entry.exe,
        CommandLine: cmdline,
        User: user,
        ProcessId: entry.pid,
        'mcp.in_subtree': false,
        'mcp.in_launch_chain': false,
        ...execFields(event, entry),
      },
      user,
      server: null,
      actor: { pid: entry.pid, exe: entry.exe, cmdline, in_subtree: false },
      ancestry: table.ancestry(entry, userName),
      change: null,
    };
  }

  /**
   * The kernel ended a member before the first instruction of its new image. That a server may not run at all is
   * told once for each start, by the denier.
   */
  prevented(event: ProcessExec, exec: Fact): readonly Fact[] {
    const reason = event.image?.killed ?? null;
    if (reason === null || reason === 'denied') return [];
    return [
      {
        ...exec,
        logsource: { category: 'approval', product: 'mcp' },
        fields: { ...exec.fields, 'mcp.change': 'exec_prevented', 'mcp.prevented': reason },
      },
    ];
  }

  /** A server began to run. */
  start(event: ProcessExec, entry: ProcessEntry, known: KnownServer, exec: Fact, isFirst: boolean): Fact {
    return {
      ...exec,
      logsource: { category: 'approval', product: 'mcp' },
      fields: {
        ...serverFields(known),
        'mcp.change': 'server_started',
        'mcp.reason': known.verdict.reason,
        'mcp.first_report': isFirst,
        'mcp.already_running': event.source === 'sweep',
        Image: entry.exe,
        CommandLine: commandLine(entry.argv),
        User: exec.user,
        ProcessId: entry.pid,
      },
    };
  }
}

/** Characters by which people know a container. */
const SHORT_ID_CHARS = 12;
const LONG_ID = /^[0-9a-f]{64}$/;
/** Characters of a name that stands for an id. */
const MAX_NAME_CHARS = 128;

function containerFields({ container }: Membership): Fields {
  if (container === undefined) return {};
  const { id, guessed } = container;
  return {
    'mcp.in_container': true,
    'mcp.container': id.slice(0, LONG_ID.test(id) ? SHORT_ID_CHARS : MAX_NAME_CHARS),
    ...(guessed ? { 'mcp.container_guessed': true } : {}),
  };
}

function execFields(event: ProcessExec, entry: ProcessEntry): Fields {
  const { parent, argv, cwd } = entry;
  return {
    CurrentDirectory: cwd,
    ParentProcessId: parent?.pid ?? event.ppid,
    ParentImage: parent?.exe ?? null,
    ParentCommandLine: parent === null ? null : commandLine(parent.argv),
    'mcp.called': basename(argv[0] ?? ''),
    'mcp.arguments': commandLine(argv, 1),
    'mcp.script': event.script,
    'mcp.truncated': event.truncated,
    'mcp.source': event.source,
    ...(event.image === null ? {} : imageFields(event.image)),
  };
}

function imageFields(image: ExecImage): Fields {
  return {
    'mcp.privileged_image': image.privileged,
    'mcp.in_user_namespace': image.in_user_namespace,
    'mcp.image_links': image.links,
    'mcp.prevented': image.killed,
  };
}

/** What a new image brought that the process did not have before. */
function changeFields(entry: ProcessEntry, before: Before, image: ExecImage | null): Fields {
  const had = new Set(before.loaderVariables);
  const fresh = entry.loaderVariables.filter((variable) => !had.has(variable));
  return {
    'mcp.loader_variables': fresh.map((variable) => variable.split('=', 1)[0] ?? ''),
    'mcp.loader_values': [...redactArgs(fresh, 'show')],
    ...gainFields(
      { uid: before.uid, capabilities: before.capabilities },
      { uid: entry.uid, capabilities: entry.capabilities },
      image?.in_user_namespace ?? false,
    ),
  };
}

interface Rights {
  readonly uid: number;
  readonly capabilities: bigint | null;
}

/** Whether rights were gained that count on the host: those in a user namespace of one's own do not. */
export function gainFields(before: Rights, after: Rights, inUserNamespace: boolean): Fields {
  const gained = (after.capabilities ?? 0n) & ~(before.capabilities ?? after.capabilities ?? 0n);
  return {
    'mcp.uid_before': before.uid,
    'mcp.gained_root': after.uid === 0 && before.uid !== 0 && !inUserNamespace,
    'mcp.gained_capabilities': gained !== 0n && !inUserNamespace,
  };
}
