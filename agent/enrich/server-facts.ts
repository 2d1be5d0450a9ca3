import { type ArtefactChange, changesBetween } from '../../approval/index.ts';
import { redactShapes } from '../../inventory/index.ts';
import type { AlertChange, FieldValue, Problem, Server } from '../../wire/index.ts';
import type { Fact } from '../fact.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { alertServer, type KnownServer, serverFields } from './known-server.ts';

/** Parts of an entry that decide what is started or reached. */
const LAUNCH_FIELDS = ['command', 'args', 'cwd', 'url', 'env_file'] as const;

/** Packages named in one alert. */
const MAX_LISTED_PACKAGES = 50;

export type DiffOf = (path: string, before: string | null, after: string | null) => string | null;

/** What every fact about one server has in common. */
export interface Subject {
  readonly known: KnownServer;
  readonly time: number;
}

/** A fact about a server, of the product `mcp`. */
export function serverFact(
  subject: Subject,
  category: string,
  fields: Readonly<Record<string, FieldValue>>,
  change: AlertChange | null = null,
): Fact {
  const { server } = subject.known.discovered;
  return {
    time: subject.time,
    logsource: { category, product: 'mcp' },
    fields: { ...serverFields(subject.known), User: server.user, ...fields },
    user: server.user,
    server: alertServer(subject.known),
    actor: null,
    ancestry: [],
    change,
  };
}

/** Facts about a server that was not there at the last look. */
export function factsOfNew(known: KnownServer, time: number): readonly Fact[] {
  const { server } = known.discovered;
  const fields = {
    'mcp.change': 'server_added',
    TargetFilename: server.config_path,
    'mcp.command_after': describeLaunch(server),
    'mcp.env_added': [...server.env_keys],
    ...launchFields(known),
  };
  return [serverFact({ known, time }, 'config', fields, configChange(null, server))];
}

/** Facts about a server that is gone. */
export function factsOfGone(known: KnownServer, time: number): readonly Fact[] {
  const { server } = known.discovered;
  const fields = {
    'mcp.change': 'server_removed',
    TargetFilename: server.config_path,
    'mcp.command_before': describeLaunch(server),
  };
  return [serverFact({ known, time }, 'config', fields, configChange(server, null))];
}

/** Facts about what differs between the last look and now: in the entry, the closure and the state. */
export function factsOfChange(
  before: Snapshot,
  known: KnownServer,
  time: number,
  diff: DiffOf,
): readonly Fact[] {
  const subject = { known, time };
  return [
    ...entryFacts(before, subject, diff),
    ...closureFacts(before, subject, diff),
    ...stateFacts(before, subject),
  ];
}

function entryFacts(before: Snapshot, subject: Subject, diff: DiffOf): readonly Fact[] {
  const facts: Fact[] = [];
  const { server } = subject.known.discovered;
  const change = configChange(before.server, server, diff);
  const add = (kind: string, fields: Readonly<Record<string, FieldValue>>) =>
    facts.push(
      serverFact(
        subject,
        'config',
        { 'mcp.change': kind, TargetFilename: server.config_path, ...fields },
        change,
      ),
    );
  const moved = LAUNCH_FIELDS.filter(
    (field) => JSON.stringify(before.server[field]) !== JSON.stringify(server[field]),
  );
  if (moved.length > 0) {
    add('repointed', {
      'mcp.fields_changed': moved,
      'mcp.command_before': describeLaunch(before.server),
      'mcp.command_after': describeLaunch(server),
      ...launchFields(subject.known),
      'mcp.program_changed': programChanged(before, subject.known),
    });
  }
  const env = envChange(before, subject.known);
  if (env !== null) add('env_changed', env);
  const widened = widenedApprovals(before.server.auto_approve, server.auto_approve);
  if (widened.length > 0) add('auto_approve_widened', { 'mcp.auto_approve_added': widened });
  return facts;
}

function envChange(before: Snapshot, known: KnownServer): Readonly<Record<string, FieldValue>> | null {
  const { env } = known.discovered;
  const added = Object.keys(env).filter((name) => !Object.hasOwn(before.env, name));
  const removed = Object.keys(before.env).filter((name) => !Object.hasOwn(env, name));
  const modified = Object.entries(env)
    .filter(([name, value]) => Object.hasOwn(before.env, name) && before.env[name] !== value.digest)
    .map(([name]) => name);
  if (added.length + removed.length + modified.length === 0) return null;
  return { 'mcp.env_added': added, 'mcp.env_removed': removed, 'mcp.env_modified': modified };
}

function widenedApprovals(before: Server['auto_approve'], after: Server['auto_approve']): string[] {
  if (after === null || after === false || before === true) return [];
  if (after === true) return ['*'];
  const known = new Set(Array.isArray(before) ? before : []);
  return after.filter((tool) => !known.has(tool));
}

function closureFacts(before: Snapshot, subject: Subject, diff: DiffOf): readonly Fact[] {
  const { verdict, discovered } = subject.known;
  const changes = changesBetween(before.server.closure.artefacts, discovered.server.closure.artefacts);
  if (verdict.state === 'approved') return [];
  const told = changes.filter((change) => change.role !== 'config' || verdict.statement !== null);
  const isPackage = (change: ArtefactChange) => change.role === 'package';
  return [
    ...told.filter((change) => !isPackage(change)).map((change) => closureFact(change, subject, diff)),
    ...packageFacts(told.filter(isPackage), subject),
  ];
}

/** One fact for all packages that changed alike: an update of one brings dozens that it depends on. */
function packageFacts(changes: readonly ArtefactChange[], subject: Subject): readonly Fact[] {
  const kinds = [...new Set(changes.map(({ change }) => change))];
  return kinds.flatMap((kind) => {
    const alike = changes.filter(({ change }) => change === kind);
    const [first] = alike;
    return first === undefined ? [] : [closureFact(first, subject, () => packageList(alike), alike.length)];
  });
}

function packageList(changes: readonly ArtefactChange[]): string | null {
  if (changes.length === 1) return null;
  const lines = changes.slice(0, MAX_LISTED_PACKAGES).map(({ change, path }) => `${change} ${path}`);
  const more = changes.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function closureFact(change: ArtefactChange, subject: Subject, diff: DiffOf, count = 1): Fact {
  const fields = {
    'mcp.change': `artefact_${change.change}`,
    'mcp.artefact_role': change.role,
    'mcp.artefact_count': count,
    TargetFilename: change.path,
    'mcp.digest_before': change.before,
    'mcp.digest_after': change.after,
    'mcp.reason': subject.known.verdict.reason,
  };
  return serverFact(subject, 'closure', fields, {
    artefact: { role: change.role, path: change.path },
    before: change.before,
    after: change.after,
    diff: diff(change.path, change.before, change.after),
  });
}

function stateFacts(before: Snapshot, subject: Subject): readonly Fact[] {
  const { verdict } = subject.known;
  if (before.state === verdict.state) return [];
  const fields = {
    'mcp.change': 'state_changed',
    'mcp.state_before': before.state,
    'mcp.approval_code': verdict.code,
    'mcp.reason': verdict.reason,
  };
  return [serverFact(subject, 'approval', fields)];
}

/** A config that cannot be read any more: one fact a problem. */
export function factOfProblem(problem: Problem, user: string, time: number): Fact {
  return {
    time,
    logsource: { category: 'config', product: 'mcp' },
    fields: {
      'mcp.change': 'config_unparseable',
      TargetFilename: problem.path,
      'mcp.problem': problem.code,
      'mcp.problem_message': problem.message,
      'mcp.problem_line': problem.line,
      'mcp.problem_column': problem.column,
      User: user,
    },
    user,
    server: null,
    actor: null,
    ancestry: [],
    change: null,
  };
}

/** What an entry starts, as far as its command line could be followed. */
function launchFields({ discovered }: KnownServer): Readonly<Record<string, FieldValue>> {
  const { launch } = discovered;
  const shown = (text: string | null | undefined) => (text == null ? null : redactShapes(text));
  return {
    'mcp.program_after': shown(launch?.resolved ?? launch?.command),
    'mcp.script_after': shown(launch?.script),
    'mcp.package_after': shown(launch?.package),
  };
}

/** Whether another program or script is started than before, and not only the same one in another way. */
function programChanged(before: Snapshot, { discovered }: KnownServer): boolean {
  const { launch } = discovered;
  const paths = new Set(before.server.closure.artefacts.map(({ path }) => path));
  if (launch === null) return before.server.command !== null;
  return [launch.resolved ?? launch.command, launch.script].some((path) => path !== null && !paths.has(path));
}

function describeLaunch(server: Pick<Server, 'command' | 'args' | 'url'>): string | null {
  return server.command === null ? server.url : [server.command, ...server.args].join(' ');
}

function configDigest(server: Pick<Server, 'closure'> | null): string | null {
  return server?.closure.artefacts.find((artefact) => artefact.role === 'config')?.sha256 ?? null;
}

function configChange(
  before: Pick<Server, 'closure' | 'config_path'> | null,
  after: Pick<Server, 'closure' | 'config_path'> | null,
  diff: DiffOf = () => null,
): AlertChange {
  const path = after?.config_path ?? before?.config_path ?? '';
  const [old, fresh] = [configDigest(before), configDigest(after)];
  return { artefact: { role: 'config', path }, before: old, after: fresh, diff: diff(path, old, fresh) };
}
