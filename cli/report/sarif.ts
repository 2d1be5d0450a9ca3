import { isAbsolute, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findingKind, sha256Hex } from '../../inventory/index.ts';
import type { Finding, Problem, Severity } from '../../wire/index.ts';
import { printable } from '../output.ts';
import { problemSeverity, type ScanReport } from './scan-report.ts';

/** Levels of SARIF 2.1.0, section 3.27.10. */
const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  informational: 'note',
};
/** `security-severity` as code hosts read it: a CVSS-like number from 0.0 to 10.0, as text. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '3.0',
  informational: '0.0',
};
const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const PROBLEM_PREFIX = 'sealwatch/';

interface Place {
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** What a result is about, beside its rule. */
interface Subject {
  readonly place: Place;
  /** `client/server` or `client key`. */
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A scan as one SARIF 2.1.0 log (OASIS, errata 01): findings and problems are results with their places. */
export function sarifLog(report: ScanReport): object {
  const results = [
    ...findingResults(report),
    ...report.problems.map((problem) => problemResult(problem, report)),
  ];
  const rules = rulesOf(report);
  const indices = new Map(rules.map(({ id }, index) => [id, index]));
  const run = {
    tool: {
      driver: {
        name: 'Sealwatch',
        version: report.version,
        semanticVersion: report.version,
        shortDescription: { text: 'Keeps the approval of an MCP server true.' },
        rules,
      },
    },
    columnKind: 'utf16CodeUnits',
    originalUriBaseIds: { SRCROOT: { uri: directoryUri(report.root) } },
    invocations: [
      {
        executionSuccessful: true,
        startTimeUtc: report.started.toISOString(),
        endTimeUtc: report.ended.toISOString(),
      },
    ],
    results: results.map((result) => ({ ...result, ruleIndex: indices.get(result.ruleId) ?? -1 })),
  };
  return { $schema: SCHEMA, version: '2.1.0', runs: [run] };
}

function findingResults(report: ScanReport) {
  const ofServers = report.servers.flatMap((server) => {
    const { config_path: path, config_line: line = null, config_column: column = null } = server;
    const { id, client, scope, state, user, project } = server;
    const subject: Subject = {
      place: { path, line, column },
      name: `${server.client}/${server.name}`,
      properties: { server: id, client, scope, state, user, project },
    };
    return resultsOf(server.findings, subject, report);
  });
  const ofControls = report.controls.flatMap((control) => {
    const { client, kind, scope, user, project, path, key } = control;
    const subject: Subject = {
      place: { path, line: null, column: null },
      name: `${client} ${key}`,
      properties: { client, kind, scope, user, project },
    };
    return resultsOf(control.findings, subject, report);
  });
  return [...ofServers, ...ofControls];
}

/** Several findings of one kind on one server are told apart by their order, which the judges keep. */
function resultsOf(findings: readonly Finding[], subject: Subject, report: ScanReport) {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const ordinal = seen.get(finding.id) ?? 0;
    seen.set(finding.id, ordinal + 1);
    return {
      ruleId: finding.id,
      level: LEVELS[finding.severity],
      message: { text: messageText(`${subject.name}: ${finding.message}`) },
      locations: [
        {
          ...location(subject.place, report.root),
          logicalLocations: [{ fullyQualifiedName: subject.name, kind: 'object' }],
        },
      ],
      partialFingerprints: {
        'sealwatch/v1': fingerprint([
          finding.id,
          subject.name,
          uriOf(subject.place.path, report.root).uri,
          String(ordinal),
        ]),
      },
      properties: {
        ...subject.properties,
        severity: finding.severity,
        'security-severity': SECURITY_SEVERITY[finding.severity],
      },
    };
  });
}

function problemResult(problem: Problem, { root }: ScanReport) {
  const ruleId = `${PROBLEM_PREFIX}${problem.code}`;
  return {
    ruleId,
    level: problemLevel(problem),
    message: { text: messageText(problem.message) },
    locations: [location(problem, root)],
    partialFingerprints: {
      'sealwatch/v1': fingerprint([ruleId, uriOf(problem.path, root).uri, problem.message]),
    },
    properties: { severity: problemSeverity(problem) },
  };
}

function rulesOf(report: ScanReport) {
  const found = [...report.servers, ...report.controls].flatMap(({ findings }) => findings);
  const kinds = [...new Map(found.map((finding) => [finding.id, finding])).values()].map(findingRule);
  const firsts = [...new Map(report.problems.map((problem) => [problem.code, problem])).values()];
  return [...kinds, ...firsts.map(problemRule)];
}

function findingRule(finding: Finding) {
  const kind = findingKind(finding.id);
  const { why, fix, tags } = kind ?? finding;
  const severity = kind?.severity ?? finding.severity;
  const title = kind?.title ?? finding.id;
  return {
    id: finding.id,
    name: camelCase(finding.id),
    shortDescription: { text: title },
    fullDescription: { text: why === '' ? title : why },
    help: {
      text: `${why}\nFix: ${fix}\nMapping: ${tags.join(', ')}`,
      markdown: `${why}\n\n**Fix:** ${fix}\n\n**Mapping:** ${tags.map((tag) => `\`${tag}\``).join(', ')}`,
    },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: {
      tags: ['security', 'mcp', ...tags],
      precision: 'high',
      'problem.severity': LEVELS[severity] === 'note' ? 'recommendation' : LEVELS[severity],
      'security-severity': SECURITY_SEVERITY[severity],
    },
  };
}

function problemLevel(problem: Problem): 'error' | 'note' {
  return problemSeverity(problem) === 'informational' ? 'note' : 'error';
}

function problemRule(problem: Problem) {
  const { code } = problem;
  const text =
    'A file that may hold servers could not be read as it should be; what it holds may be missing here.';
  return {
    id: `${PROBLEM_PREFIX}${code}`,
    name: camelCase(code),
    shortDescription: { text: `Problem ${code}` },
    fullDescription: { text },
    help: { text: `${text} See docs/errors.md.`, markdown: `${text} See \`docs/errors.md\`.` },
    defaultConfiguration: { level: problemLevel(problem) },
    properties: { tags: ['mcp'], 'security-severity': SECURITY_SEVERITY[problemSeverity(problem)] },
  };
}

function location({ path, line, column }: Place, root: string) {
  const region =
    line === null ? {} : { region: { startLine: line, ...(column === null ? {} : { startColumn: column }) } };
  return { physicalLocation: { artifactLocation: uriOf(path, root), ...region } };
}

/** Text of the host as a SARIF message: it makes no link (section 3.11.6) and holds no place (section 3.11.5). */
function messageText(text: string): string {
  return printable(text)
    .replaceAll('](', '] (')
    .replaceAll(/\{(\d+)\}/g, '{{$1}}');
}

/** Relative to SRCROOT where the file lies below it, else absolute (SARIF 2.1.0, section 3.4.3). */
function uriOf(path: string, root: string): { readonly uri: string; readonly uriBaseId?: string } {
  if (!isAbsolute(path)) return { uri: encodePath(path) };
  const inside = relative(root, path);
  const isInside = inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
  return isInside ? { uri: encodePath(inside), uriBaseId: 'SRCROOT' } : { uri: pathToFileURL(path).href };
}

function encodePath(path: string): string {
  return path
    .split(sep)
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/');
}

function directoryUri(path: string): string {
  const { href } = pathToFileURL(path);
  return href.endsWith('/') ? href : `${href}/`;
}

function fingerprint(parts: readonly string[]): string {
  return sha256Hex(parts.join('\0'));
}

/** SARIF wants rule names in camel case (section 3.49.7): `mcp_plain_http` is McpPlainHttp. */
function camelCase(id: string): string {
  return id
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
