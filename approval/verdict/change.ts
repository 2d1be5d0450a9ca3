import type { Artefact } from '../../wire/index.ts';
import { artefactSubjects, type Candidate, type Statement } from '../statement/statement.ts';
import { splitSubjectName, subjectName } from '../statement/subjects.ts';

/** How one artefact differs between two closures. */
export interface ArtefactChange {
  readonly change: 'changed' | 'added' | 'removed';
  readonly role: string;
  /** Path on this host; the portable path for an artefact that is gone and that only a statement names. */
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What differs between the closure that a statement names and the server's present one. */
export function changesSince(statement: Statement, server: Candidate): readonly ArtefactChange[] {
  return compare(artefactSubjects(statement), server.closure.artefacts);
}

/** What differs between two lists of artefacts of the same server. */
export function changesBetween(
  before: readonly Artefact[],
  after: readonly Artefact[],
): readonly ArtefactChange[] {
  const known = new Map<string, string>();
  const paths = new Map<string, string>();
  for (const artefact of before) {
    paths.set(subjectName(artefact), artefact.path);
    if (artefact.sha256 !== null) known.set(subjectName(artefact), artefact.sha256);
  }
  return compare(known, after).map((change) =>
    change.change === 'removed'
      ? { ...change, path: paths.get(`${change.role}:${change.path}`) ?? change.path }
      : change,
  );
}

function compare(before: ReadonlyMap<string, string>, after: readonly Artefact[]): readonly ArtefactChange[] {
  const changes: ArtefactChange[] = [];
  const seen = new Set<string>();
  for (const artefact of after) {
    const name = subjectName(artefact);
    seen.add(name);
    const old = before.get(name) ?? null;
    if (old === artefact.sha256) continue;
    const change = old === null ? 'added' : 'changed';
    changes.push({ change, role: artefact.role, path: artefact.path, before: old, after: artefact.sha256 });
  }
  for (const [name, digest] of before) {
    if (!seen.has(name))
      changes.push({ change: 'removed', ...splitSubjectName(name), before: digest, after: null });
  }
  return changes;
}
