import type { Finding } from '../../wire/index.ts';
import { type Output, printable } from '../output.ts';
import { allFindings, byClient, counted, countsOf, rank, type ScanReport } from './scan-report.ts';

const LONGEST_SEVERITY = 'informational'.length;

/** The findings for people, server by server with what to do; informational ones only where `all` asks for them. */
export function findingLines(report: ScanReport, all: boolean, output: Output): readonly string[] {
  const shown = (findings: readonly Finding[]) =>
    findings.filter(({ severity }) => all || severity !== 'informational');
  const { colours } = output;
  const blocks = [
    ...byClient(report.servers, ({ name }) => name).flatMap(({ items }) =>
      items.map((server) => ({
        name: `${server.client}/${server.name}`,
        place: placed(server.config_path, server.config_line ?? null),
        findings: shown(server.findings),
      })),
    ),
    ...byClient(report.controls, ({ key }) => key).flatMap(({ items }) =>
      [...Map.groupBy(items, ({ path }) => path)].map(([path, controls]) => ({
        name: `${controls[0]?.client} settings`,
        place: path,
        findings: shown(controls.flatMap(({ findings }) => findings)),
      })),
    ),
  ];
  return blocks
    .filter(({ findings }) => findings.length > 0)
    .flatMap(({ name, place, findings }) => [
      '',
      `${colours.bold(printable(name))} ${colours.dim(printable(place))}`,
      ...worstFirst(findings).flatMap((finding) => linesOf(finding, colours)),
    ]);
}

function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => rank(b.severity) - rank(a.severity));
}

function placed(path: string, line: number | null): string {
  return line === null ? path : `${path}:${line}`;
}

function linesOf(finding: Finding, colours: Output['colours']): readonly string[] {
  const isLoud = finding.severity === 'high' || finding.severity === 'critical';
  const paint = isLoud ? colours.red : finding.severity === 'medium' ? colours.yellow : colours.dim;
  const severity = paint(finding.severity.padEnd(LONGEST_SEVERITY));
  const lines = [`  ${severity} ${printable(finding.message)} ${colours.dim(`(${finding.id})`)}`];
  if (finding.fix !== '') lines.push(`  ${' '.repeat(LONGEST_SEVERITY)} fix: ${finding.fix}`);
  return lines;
}

/** What there is in one line: servers, clients, findings by severity, problems, time. */
export function totalsLine(report: ScanReport): string {
  const clients = new Set(report.servers.map(({ client }) => client)).size;
  const counts = countsOf(allFindings(report)).map(([severity, count]) => `${count} ${severity}`);
  const seconds = (report.ended.getTime() - report.started.getTime()) / 1_000;
  return [
    `${counted(report.servers.length, 'server')} of ${counted(clients, 'client')}`,
    counts.length === 0 ? 'no findings' : `findings: ${counts.join(', ')}`,
    counted(report.problems.length, 'problem'),
    `${seconds.toFixed(2)} s`,
  ].join('; ');
}

/** What was left out, or null where nothing was. */
export function leftOutLine(report: ScanReport, all: boolean): string | null {
  const count = allFindings(report).filter(({ severity }) => severity === 'informational').length;
  if (all || count === 0) return null;
  return `${counted(count, 'informational finding')} not shown: --all`;
}
