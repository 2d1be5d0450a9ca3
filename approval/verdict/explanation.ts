import type { ArtefactChange } from './change.ts';

/** What is known of a change beyond that it happened. */
export interface ChangeEvidence {
  /** Milliseconds since the epoch; null where nothing tells when. */
  readonly time: number | null;
  readonly writer: ChangeWriter | null;
}

/** The process that wrote an artefact. */
export interface ChangeWriter {
  readonly name: string;
  readonly pid: number;
  /** Whether it belonged to the process tree of the server whose artefact it wrote. */
  readonly of_server: boolean;
}

export type EvidenceOf = (change: ArtefactChange) => ChangeEvidence | null;

/** One sentence about what changed, when and by whom: the first change of most weight, and how many more. */
export function describeChanges(
  changes: readonly ArtefactChange[],
  evidenceOf: EvidenceOf,
  now: Date,
): string {
  const [first] = [...changes].sort((a, b) => weight(a) - weight(b));
  if (first === undefined) return 'what could not be sealed is different since it was approved';
  const evidence = evidenceOf(first);
  const when = evidence?.time == null ? '' : ` ${ago(now.getTime() - evidence.time)}`;
  const who = evidence?.writer == null ? '' : `, written by ${describeWriter(evidence.writer)}`;
  const more = changes.length > 1 ? `; and ${changes.length - 1} more` : '';
  return `${first.role} ${first.path} ${first.change}${when}${who}${more}`;
}

function describeWriter({ name, pid, of_server }: ChangeWriter): string {
  return `${name} (pid ${pid})${of_server ? ' of this very server' : ''}`;
}

/** The entry first, then what the server runs, then what it loads. */
function weight({ role }: ArtefactChange): number {
  const order = ['config', 'executable', 'interpreter', 'script', 'env-file', 'helper', 'hook'];
  const place = order.indexOf(role);
  return place === -1 ? order.length : place;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** A span of milliseconds as people say it. */
function ago(milliseconds: number): string {
  for (const [unit, length] of UNITS) {
    const count = Math.floor(milliseconds / length);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return 'less than a minute ago';
}
