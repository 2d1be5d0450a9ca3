import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { fullServer, type HostSight } from '../../agent/index.ts';
import { controlFindings } from '../../inventory/index.ts';
import type { Severity } from '../../wire/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Installation } from '../installation.ts';
import type { Output } from '../output.ts';
import { showProgress } from '../progress.ts';
import { findingLines, leftOutLine, totalsLine } from '../report/findings-text.ts';
import { htmlReport } from '../report/html-report.ts';
import { sarifLog } from '../report/sarif.ts';
import { reaches, type ScanReport } from '../report/scan-report.ts';
import { type Selection, viewOf } from '../selection.ts';
import { problemLine, serverTable } from '../table.ts';

export interface ScanOptions extends Selection {
  readonly json?: boolean;
  readonly sarif?: boolean;
  /** Where the HTML report goes; `-` is stdout. */
  readonly html?: string;
  /** Shows informational findings, too. */
  readonly all?: boolean;
  readonly failOn: Severity | 'none';
}

/** `sealwatch scan`: every server that this host can start, what is wrong, and no daemon needed. */
export async function scan(options: ScanOptions, install: Installation, output: Output): Promise<ExitCode> {
  refuseTwoAnswers(options);
  const isForPeople = options.json !== true && options.sarif !== true && options.html !== '-';
  const started = new Date();
  const progress = showProgress('reading configs', isForPeople);
  const view = viewOf({ ...options, home: options.home ?? [] });
  const sight = await view.look(started, progress.update).finally(progress.clear);
  const report = reportOf(sight, options, install.version, started);
  if (options.html !== undefined && options.html !== '-') writeReport(options.html, report, output);
  if (options.html === '-') output.answer(htmlReport(report));
  else if (options.sarif === true) output.answerJson(sarifLog(report));
  else if (output.json) {
    const { servers, problems, controls } = report;
    output.answerJson({ servers, problems, controls });
  } else showReport(report, options.all === true, output);
  const { failOn } = options;
  return failOn !== 'none' && reaches(report, failOn) ? EXIT.findings : EXIT.fine;
}

/** Stdout takes one answer. */
function refuseTwoAnswers({ json, sarif, html }: ScanOptions): void {
  const asked = [json === true, sarif === true, html === '-'].filter(Boolean).length;
  if (asked > 1)
    throw new CliError('CLI_USAGE', 'only one of --json, --sarif and --html - can be answered on stdout');
}

function reportOf(sight: HostSight, options: ScanOptions, version: string, started: Date): ScanReport {
  return {
    servers: sight.servers.map(fullServer),
    controls: sight.controls.map((control) => ({ ...control, findings: controlFindings(control) })),
    problems: sight.problems,
    profile: options.profile ?? 'developer',
    host: hostname(),
    version,
    started,
    ended: new Date(),
    root: resolve(options.root?.[0] ?? '.'),
  };
}

function showReport(report: ScanReport, all: boolean, output: Output): void {
  output.answer(serverTable(report.servers, output));
  for (const line of findingLines(report, all, output)) output.answer(line);
  output.answer('');
  output.answer(output.colours.bold(totalsLine(report)));
  const leftOut = leftOutLine(report, all);
  if (leftOut !== null) output.answer(leftOut);
  for (const problem of report.problems) output.say(`problem: ${problemLine(problem)}`);
}

function writeReport(path: string, report: ScanReport, output: Output): void {
  const target = resolve(path);
  const page = htmlReport(report);
  try {
    writeFileSync(target, page);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError('CLI_FILE_UNWRITABLE', `the report cannot be written: ${reason}`, { cause: error });
  }
  output.say(`report written to ${target}`);
}
