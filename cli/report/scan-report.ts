import { findClient, INFORMATIONAL_PROBLEMS } from '../../inventory/index.ts';
import {
  type Control,
  type Finding,
  type Problem,
  SEVERITIES,
  type Server,
  type Severity,
} from '../../wire/index.ts';

/** A setting beside the servers, with what is wrong with it. */
export type JudgedControl = Control & { readonly findings: readonly Finding[] };

/** All that one scan has to tell; the table, SARIF and HTML are views of it. */
export interface ScanReport {
  readonly servers: readonly Server[];
  readonly controls: readonly JudgedControl[];
  readonly problems: readonly Problem[];
  readonly profile: string;
  readonly host: string;
  readonly version: string;
  readonly started: Date;
  readonly ended: Date;
  /** Directory that places are told relative to where they lie below it. */
  readonly root: string;
}

/** The servers or settings of one client, under its title. */
export interface ClientGroup<Item> {
  readonly client: string;
  readonly title: string;
  readonly items: readonly Item[];
}

/**
 * What a problem counts as beside the findings: a config that cannot be read hides servers, and nothing says
 * how bad they are.
 */
export function problemSeverity({ code }: Problem): Severity {
  return INFORMATIONAL_PROBLEMS.has(code) ? 'informational' : 'medium';
}

export function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

export function worstOf(findings: readonly Finding[]): Finding | null {
  return findings.reduce<Finding | null>(
    (worst, finding) => (worst === null || rank(finding.severity) > rank(worst.severity) ? finding : worst),
    null,
  );
}

/** Findings of servers and settings together. */
export function allFindings(report: Pick<ScanReport, 'servers' | 'controls'>): readonly Finding[] {
  return [...report.servers, ...report.controls].flatMap(({ findings }) => findings);
}

/** How many findings there are of each severity, worst first, without those that have none. */
export function countsOf(findings: readonly Finding[]): readonly (readonly [Severity, number])[] {
  return SEVERITIES.toReversed().flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [[severity, count] as const];
  });
}

/** True where a finding, or a problem, is at the level or above it. */
export function reaches(
  report: Pick<ScanReport, 'servers' | 'controls' | 'problems'>,
  level: Severity,
): boolean {
  const all = [
    ...allFindings(report).map(({ severity }) => severity),
    ...report.problems.map(problemSeverity),
  ];
  return all.some((severity) => rank(severity) >= rank(level));
}

/** Sorted by client title and, inside, by `name`. */
export function byClient<Item extends { readonly client: string }>(
  items: readonly Item[],
  name: (item: Item) => string,
): readonly ClientGroup<Item>[] {
  const groups = Map.groupBy(items, ({ client }) => client);
  return [...groups]
    .map(([client, members]) => ({
      client,
      title: findClient(client)?.title ?? client,
      items: members.toSorted((a, b) => name(a).localeCompare(name(b))),
    }))
    .sort((a, b) => a.title.localeCompare(b.title));
}

/** The command line or url of a server, as text of the host. */
export function launchText(server: Server): string {
  return server.command === null ? (server.url ?? '') : [server.command, ...server.args].join(' ');
}

/** `1 server`, `2 servers`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
