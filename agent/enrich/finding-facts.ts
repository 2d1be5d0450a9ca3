import { FINDING_IDS } from '../../inventory/index.ts';
import type { Artefact, FieldValue, Finding, Profile, Server } from '../../wire/index.ts';
import { SEVERITIES } from '../../wire/index.ts';
import type { Fact } from '../fact.ts';
import type { Snapshot } from '../state/snapshot.ts';
import type { KnownServer } from './known-server.ts';
import { serverFact } from './server-facts.ts';

/**
 * What a finding is about, where it is not the entry in the config. Messages of these name one example of many
 * and a number, which change with every update; the finding itself does not.
 */
const OTHER_SUBJECTS: Readonly<Record<string, 'artefact' | 'host'>> = {
  mcp_helper_writable: 'artefact',
  mcp_closure_unresolved: 'host',
  mcp_self_authority: 'host',
  mcp_path_writable: 'host',
};

/** Roles of artefacts that run nothing by themselves, or that are judged apart. */
const NO_HELPERS: ReadonlySet<Artefact['role']> = new Set([
  'config',
  'prompt',
  'image',
  'tool-manifest',
  'unresolved',
]);

type PastServer = Pick<Server, 'user' | 'closure' | 'findings'>;

/** A look at the findings of all servers. */
export interface FindingLook {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The first look of the installation. */
  readonly first: boolean;
  /** What this version looks for, and what was looked for until now; see findingKinds. */
  readonly kinds: ReadonlySet<string>;
  readonly kindsBefore: ReadonlySet<string>;
}

/**
 * Names of what is looked for in a profile. A version that looks for more, or a stricter profile, finds what was
 * there all along: that is no news of the host.
 */
export function findingKinds(profile: Profile): ReadonlySet<string> {
  return new Set(FINDING_IDS.map((id) => `${profile}/${id}`));
}

/**
 * Facts about findings that the last look did not have, or not as severe: one each. What goes and comes back is
 * told again. At the first look all are told, marked as such.
 */
export function factsOfFindings(
  servers: readonly KnownServer[],
  before: ReadonlyMap<string, Snapshot>,
  look: FindingLook,
): readonly Fact[] {
  const stale = new Set([...look.kinds].filter((kind) => !look.kindsBefore.has(kind)).map(idOfKind));
  return servers.flatMap((known) => {
    const { server } = known.discovered;
    const past = before.get(server.id)?.server ?? null;
    return newFindings(server, past).map(({ finding, artefact }) => {
      const isFirst = look.first || (past !== null && stale.has(finding.id));
      const fields = {
        ...findingFields(finding),
        'mcp.first_look': isFirst,
        'mcp.new_server': past === null && !look.first,
        ...subjectFields(finding, server, artefact),
      };
      return serverFact({ known, time: look.time }, 'finding', fields);
    });
  });
}

interface NewFinding {
  readonly finding: Finding;
  /** The artefact that it is about, where it is about one. */
  readonly artefact: Artefact | null;
}

function newFindings(server: PastServer, past: PastServer | null): readonly NewFinding[] {
  return server.findings.flatMap((finding) => {
    const isArtefact = OTHER_SUBJECTS[finding.id] === 'artefact';
    const known = past?.findings.some((old) => covers(old, finding)) ?? false;
    if (!known) return [{ finding, artefact: isArtefact ? (openArtefacts(server)[0] ?? null) : null }];
    const opened = isArtefact && past !== null ? openedSince(past, server) : null;
    return opened === null ? [] : [{ finding, artefact: opened }];
  });
}

function covers(old: Finding, fresh: Finding): boolean {
  if (old.id !== fresh.id || SEVERITIES.indexOf(old.severity) < SEVERITIES.indexOf(fresh.severity))
    return false;
  return OTHER_SUBJECTS[fresh.id] !== undefined || old.message === fresh.message;
}

/** An artefact that was there and closed to others, and no longer is. */
function openedSince(past: PastServer, server: PastServer): Artefact | null {
  const closed = new Set(past.closure.artefacts.map(({ path }) => path));
  for (const { path } of openArtefacts(past)) closed.delete(path);
  return openArtefacts(server).find(({ path }) => closed.has(path)) ?? null;
}

/** What others than the server's user can write; where there is nothing (production profile), what that one can. */
function openArtefacts({ user, closure }: PastServer): readonly Artefact[] {
  const helpers = closure.artefacts.filter(({ role }) => !NO_HELPERS.has(role));
  const open = helpers.filter(({ writable_by }) => writable_by.some((writer) => writer !== user));
  return open.length > 0 ? open : helpers.filter(({ writable_by }) => writable_by.length > 0);
}

function findingFields({ id, severity, message }: Finding): Readonly<Record<string, FieldValue>> {
  return {
    'mcp.change': 'finding_added',
    'mcp.finding': id,
    'mcp.finding_severity': severity,
    'mcp.finding_message': message,
  };
}

function subjectFields(
  { id }: Finding,
  { config_path, closure }: Pick<Server, 'config_path' | 'closure'>,
  artefact: Artefact | null,
): Readonly<Record<string, FieldValue>> {
  if (OTHER_SUBJECTS[id] === 'host') return {};
  const subject = artefact ?? closure.artefacts.find(({ role }) => role === 'config');
  const path = artefact?.path ?? (OTHER_SUBJECTS[id] === undefined ? config_path : null);
  return { TargetFilename: path, 'mcp.writable_by': subject === undefined ? null : [...subject.writable_by] };
}

function idOfKind(kind: string): string {
  return kind.slice(kind.indexOf('/') + 1);
}
