import { sha256Hex } from '../../inventory/index.ts';
import type { Artefact } from '../../wire/index.ts';
import { ApprovalError } from '../errors.ts';
import { hasInvisible, skeleton } from './confusable.ts';

/** Name of the subject that carries the closure digest; it stands first. */
export const CLOSURE_SUBJECT = 'closure';

/** One thing that a statement is about (in-toto/attestation, spec/v1/resource_descriptor.md). */
export interface Subject {
  readonly name: string;
  readonly digest: { readonly sha256: string };
}

/** An artefact that could not be read when the statement was made. */
export interface UnresolvedSubject {
  readonly name: string;
  readonly reason: string;
}

/** Name of an artefact as a subject of a statement: role and portable path. */
export function subjectName(artefact: Pick<Artefact, 'role' | 'portable_path'>): string {
  return `${artefact.role}:${artefact.portable_path}`;
}

/** Role and portable path of a subject. */
export function splitSubjectName(name: string): { readonly role: string; readonly path: string } {
  const colon = name.indexOf(':');
  return { role: name.slice(0, colon), path: name.slice(colon + 1) };
}

/** By UTF-16 code units, as RFC 8785 sorts. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** The subjects of a statement about a closure: the closure itself, then every artefact in order of its name. */
export function subjectsOf(digest: string, artefacts: readonly Artefact[]): readonly Subject[] {
  const subjects = artefacts.flatMap((artefact) =>
    artefact.sha256 === null ? [] : [{ name: subjectName(artefact), digest: { sha256: artefact.sha256 } }],
  );
  return [{ name: CLOSURE_SUBJECT, digest: { sha256: digest } }, ...subjects.sort(byName)];
}

/** What of a closure could not be read, in order of name and reason. */
export function unresolvedOf(artefacts: readonly Artefact[]): readonly UnresolvedSubject[] {
  return artefacts
    .filter((artefact) => artefact.sha256 === null)
    .map((artefact) => ({ name: subjectName(artefact), reason: artefact.reason ?? '' }))
    .sort((a, b) => byName(a, b) || (a.reason < b.reason ? -1 : 1));
}

/**
 * Refuses subjects that could mean something else than they seem to: out of order, twice, look-alikes, paths
 * with `..`, or artefacts that do not add up to the closure digest.
 * @throws {ApprovalError}
 */
export function checkSubjects(subjects: readonly Subject[], unresolved: readonly UnresolvedSubject[]): void {
  const [closure, ...artefacts] = subjects;
  if (closure?.name !== CLOSURE_SUBJECT) {
    throw new ApprovalError('APPROVAL_SUBJECTS_UNSORTED', 'the first subject is not the closure');
  }
  let previous = '';
  for (const { name } of artefacts) {
    if (name === previous || name === CLOSURE_SUBJECT)
      throw new ApprovalError('APPROVAL_SUBJECT_DUPLICATE', `the subject ${name} stands there twice`);
    if (name < previous)
      throw new ApprovalError('APPROVAL_SUBJECTS_UNSORTED', `the subject ${name} is out of order`);
    checkPath(name);
    previous = name;
  }
  refuseConfusables(artefacts.map(({ name }) => name));
  if (closureDigestOf(artefacts, unresolved) !== closure.digest.sha256) {
    throw new ApprovalError(
      'APPROVAL_CLOSURE_INCONSISTENT',
      'the closure digest is not that of the artefacts',
    );
  }
}

function checkPath(name: string): void {
  const { role, path } = splitSubjectName(name);
  // Behind the `#` of a config stands the key of its entry, which is no path.
  const [file = ''] = role === 'config' ? path.split('#', 1) : [path];
  if (hasInvisible(role + file)) {
    throw new ApprovalError('APPROVAL_SUBJECT_CONFUSABLE', `the subject ${name} has invisible characters`);
  }
  if (role === '' || file === '' || /(?:^|\/)\.{1,2}(?:\/|$)/.test(file)) {
    throw new ApprovalError('APPROVAL_SUBJECT_PATH', `the subject ${name} is no plain path`);
  }
}

function refuseConfusables(names: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const shape = skeleton(name);
    const other = seen.get(shape);
    if (other !== undefined) {
      throw new ApprovalError('APPROVAL_SUBJECT_CONFUSABLE', `the subjects ${other} and ${name} look alike`);
    }
    seen.set(shape, name);
  }
}

/** The closure digest that artefacts add up to; docs/approvals.md, "Closure digest". */
function closureDigestOf(artefacts: readonly Subject[], unresolved: readonly UnresolvedSubject[]): string {
  const line = (name: string, value: string) => {
    const { role, path } = splitSubjectName(name);
    return `${role}\0${path}\0${value}\n`;
  };
  const lines = [
    ...artefacts.map(({ name, digest }) => line(name, digest.sha256)),
    ...unresolved.map(({ name, reason }) => line(name, reason)),
  ];
  return sha256Hex(lines.sort().join(''));
}
