import { redactShapes } from '../../inventory/index.ts';
import type { AlertServer, FieldValue, GuardRecord } from '../../wire/index.ts';
import type { Fact } from '../fact.ts';
import type { KnownServer } from './known-server.ts';

type Fields = Readonly<Record<string, FieldValue>>;
type RecordOf<K extends GuardRecord['kind']> = Extract<GuardRecord, { kind: K }>;

/** What is known beside a record. */
export interface GuardSubject {
  /** Whose journal it stands in. */
  readonly user: string;
  /** The server that the record names, as the last look found it; null where no config asks for it any more. */
  readonly known: KnownServer | null;
  /** When it is told, in milliseconds since the epoch. */
  readonly now: number;
}

/** What a record means to rules, at the time at which the guard wrote it. */
export function factOfRecord(record: GuardRecord, subject: GuardSubject): Fact {
  switch (record.kind) {
    case 'launch':
      return guardFact(record, subject, 'approval', launchFields(record));
    case 'image':
      return guardFact(record, subject, 'approval', {
        'mcp.change': 'exec_prevented',
        'mcp.prevented': 'unsealed',
        'mcp.reason': shown(record.reason),
        Image: record.path,
      });
    case 'standing':
      return guardFact(record, subject, 'approval', {
        'mcp.change': record.allowed ? 'session_resumed' : 'session_suspended',
        'mcp.approval_code': record.code,
        'mcp.reason': shown(record.reason),
      });
    case 'call':
      return guardFact(record, subject, 'tool', callFields(record));
    case 'tool':
      return guardFact(record, subject, 'tool', toolFields(record));
    case 'frame':
      return guardFact(record, subject, 'tool', {
        'mcp.change': 'frame_faulty',
        'mcp.frame_from': record.from,
        'mcp.frame_fault': record.fault,
        'mcp.frame_passed': record.passed,
        'mcp.frame_count': record.count,
      });
    case 'exit':
      return guardFact(record, subject, 'tool', {
        'mcp.change': 'session_ended',
        'mcp.exit_code': record.code,
        'mcp.exit_signal': record.signal,
      });
    case 'loss':
      return { ...guardFact(record, subject, 'agent', lossFields(record)), logsource: AGENT };
  }
}

/** A start that no process event told of, because no agent ran; `isFirst` in this state, as far as was told. */
export function factOfPastStart(record: GuardRecord, subject: GuardSubject, isFirst: boolean): Fact {
  const fact = factOfRecord(record, subject);
  const start = { 'mcp.change': 'server_started', 'mcp.first_report': isFirst, 'mcp.already_running': true };
  return { ...fact, fields: { ...fact.fields, ...start } };
}

/**
 * By what a record is told once only: a guard sees a server's tools anew in each session, and a server that writes no
 * JSON-RPC does so all the time. Null where each is told. `session` stands for one guard.
 */
export function onceKey(record: GuardRecord, { user }: GuardSubject, session: string): string | null {
  const server = record.server?.id ?? `user ${user}`;
  if (record.kind === 'tool') {
    const { change, tool, after, hidden } = record;
    return JSON.stringify(['tool', server, change, tool, after, record.before, hidden]);
  }
  if (record.kind === 'frame')
    return JSON.stringify(['frame', session, server, record.from, record.fault, record.passed]);
  return null;
}

const AGENT = { category: 'agent', product: 'sealwatch' } as const;

function launchFields({ outcome, code, reason, command, pid, dropped }: RecordOf<'launch'>): Fields {
  const refused = outcome === 'refused';
  return {
    'mcp.change': refused ? 'server_denied' : 'session_started',
    ...(refused ? { 'mcp.denial': 'refused', 'mcp.denied_processes': 0 } : { ProcessId: pid }),
    'mcp.approval_code': code,
    'mcp.reason': shown(reason),
    'mcp.env_dropped': [...dropped],
    CommandLine: shown(command),
  };
}

const CALLS = {
  allowed: 'call_allowed',
  allowed_by_person: 'call_allowed_by_person',
  refused: 'call_denied',
} as const;

function callFields({ method, target, outcome, code, reason, arguments: digest }: RecordOf<'call'>): Fields {
  return {
    'mcp.change': CALLS[outcome],
    'mcp.method': method,
    'mcp.tool': shown(target),
    'mcp.denial_code': code,
    'mcp.reason': shown(reason),
    'mcp.arguments_digest': digest,
  };
}

function toolFields(record: RecordOf<'tool'>): Fields {
  const { change, tool, description, before, after, poison, shadows, hidden } = record;
  return {
    'mcp.change': change,
    'mcp.tool': tool,
    'mcp.tool_description': shown(description),
    'mcp.tool_digest_before': before,
    'mcp.tool_digest_after': after,
    'mcp.poison': [...poison],
    'mcp.shadows': [...shadows],
    'mcp.tool_hidden': hidden,
  };
}

const LOST: Readonly<Record<RecordOf<'loss'>['what'], string>> = {
  unwritten: 'records of a guard that could not be written',
  removed: 'records of a guard in journal files that are gone; some may have been read before',
};

function lossFields({ what, count }: RecordOf<'loss'>): Fields {
  return {
    'agent.event': 'events_lost',
    'agent.stage': 'guard',
    'agent.count': count,
    'agent.detail': LOST[what],
  };
}

function guardFact(record: GuardRecord, subject: GuardSubject, category: string, fields: Fields): Fact {
  const { user, known, now } = subject;
  const server = serverOf(record, known);
  const named: Fields =
    server === null
      ? {}
      : {
          'mcp.server': server.name,
          'mcp.client': server.client,
          'mcp.server_id': server.id,
          'mcp.state': server.state,
        };
  return {
    // Nothing was recorded later than now: a clock was set, or somebody else wrote it.
    time: Math.min(record.time, now),
    logsource: { category, product: 'mcp' },
    fields: { ...named, User: user, 'mcp.guard': record.guard, ...fields },
    user,
    server,
    actor: null,
    ancestry: [],
    change: null,
  };
}

/** Its name is what the host says; its state is the one that the guard decided on. */
function serverOf({ server }: GuardRecord, known: KnownServer | null): AlertServer | null {
  if (server === null || known === null) return server;
  const { id, client, name } = known.discovered.server;
  return { id, client, name, state: server.state };
}

/** Texts of a guard hold no secrets, but anybody may write into a journal of their own. */
function shown(text: string): string {
  return redactShapes(text);
}
