import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { fullServer, type KnownServer } from '../../agent/index.ts';
import type { ApprovalRequest } from '../../approval/index.ts';
import { closureLines } from '../closure-lines.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Output, printable } from '../output.ts';
import { pick, type Selection, viewOf } from '../selection.ts';

const MAX_EXPIRY_DAYS = 3_660;

export interface DecideOptions extends Selection {
  readonly yes: boolean;
  readonly owner?: string;
  readonly reason?: string;
  /** Days until it ends. */
  readonly expires?: number;
}

async function confirm(question: string, options: DecideOptions): Promise<void> {
  if (options.yes) return;
  if (process.stdin.isTTY !== true) {
    throw new CliError('CLI_NOT_CONFIRMED', 'nobody is there to confirm', {
      hint: 'say --yes to ask nothing',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `).finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('CLI_NOT_CONFIRMED', 'nothing was changed');
}

function daysAfter(start: Date, days: number): Date {
  const end = new Date(start);
  end.setUTCDate(end.getUTCDate() + days);
  return end;
}

/** Who decides about a server, why and until when. */
function requestOf(known: KnownServer, options: DecideOptions): ApprovalRequest {
  const now = new Date();
  return {
    owner: options.owner ?? known.discovered.server.user,
    approver: userInfo().username,
    reason: options.reason ?? '',
    expires: options.expires === undefined ? null : daysAfter(now, options.expires),
    now,
    supersedes: known.verdict.statement,
  };
}

function showClosure(known: KnownServer, output: Output): void {
  const server = fullServer(known);
  output.say(`${server.client}/${printable(server.name)} (${printable(server.config_path)})`);
  for (const finding of server.findings)
    output.say(`  finding  ${finding.severity}: ${printable(finding.message)}`);
  for (const line of closureLines(server.closure.artefacts)) output.say(`  ${line}`);
}

/** `sealwatch approve`: shows what will be sealed, asks, and signs it. */
export async function approve(name: string, options: DecideOptions, output: Output): Promise<ExitCode> {
  if (
    options.expires !== undefined &&
    !(Number.isInteger(options.expires) && options.expires > 0 && options.expires <= MAX_EXPIRY_DAYS)
  ) {
    throw new CliError('CLI_USAGE', `--expires takes a number of days from 1 to ${MAX_EXPIRY_DAYS}`);
  }
  const view = viewOf(options);
  const known = pick((await view.look(new Date())).servers, name);
  if (!output.json) showClosure(known, output);
  await confirm('Seal this?', options);
  view.keepCopies(known.discovered);
  const statement = view.approvals.approve(known.discovered.server, requestOf(known, options));
  if (output.json) output.answerJson(statement);
  else output.answer(`approved ${printable(name)}: closure ${known.discovered.server.closure.digest}`);
  return EXIT.fine;
}

/** `sealwatch revoke`: signs that a server may no longer run. */
export async function revoke(name: string, options: DecideOptions, output: Output): Promise<ExitCode> {
  const view = viewOf(options);
  const known = pick((await view.look(new Date())).servers, name);
  await confirm(`Revoke ${printable(name)}?`, options);
  const request = { ...requestOf(known, options), expires: null };
  const statement = view.approvals.revoke(known.discovered.server, request);
  if (output.json) output.answerJson(statement);
  else output.answer(`revoked ${printable(name)}`);
  return EXIT.fine;
}
