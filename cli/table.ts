import Table from 'cli-table3';
import { type Problem, SEVERITIES, type Server } from '../wire/index.ts';
import { type Output, printable } from './output.ts';

const MAX_LAUNCH_CHARS = 60;

function launchOf(server: Server): string {
  const text = server.command === null ? (server.url ?? '') : [server.command, ...server.args].join(' ');
  const shown = printable(text);
  return shown.length > MAX_LAUNCH_CHARS ? `${shown.slice(0, MAX_LAUNCH_CHARS - 1)}…` : shown;
}

function worstFinding(server: Server): string {
  const worst = [...server.findings].sort(
    (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity),
  )[0];
  if (worst === undefined) return '';
  const more = server.findings.length > 1 ? ` +${server.findings.length - 1}` : '';
  return `${worst.severity}: ${worst.id}${more}`;
}

/** The servers of a host as a table for people, grouped by client. */
export function serverTable(servers: readonly Server[], { colours }: Output): string {
  if (servers.length === 0) return 'No MCP server is configured on this host.';
  const table = new Table({
    head: ['client', 'server', 'state', 'user', 'starts', 'worst finding'].map((title) =>
      colours.bold(title),
    ),
    style: { head: [], border: [], compact: true },
  });
  const sorted = [...servers].sort((a, b) => `${a.client}/${a.name}`.localeCompare(`${b.client}/${b.name}`));
  for (const server of sorted) {
    const colour =
      server.state === 'approved' ? colours.green : server.state === 'pending' ? colours.yellow : colours.red;
    const state = server.disabled === true ? `${server.state} (disabled)` : server.state;
    table.push([
      server.client,
      printable(server.name),
      colour(state),
      server.user,
      launchOf(server),
      printable(worstFinding(server)),
    ]);
  }
  return table.toString();
}

/** A problem in one line: place, reason, code. */
export function problemLine(problem: Problem): string {
  const place =
    problem.line === null ? '' : `:${problem.line}${problem.column === null ? '' : `:${problem.column}`}`;
  return `${printable(problem.path)}${place}: ${printable(problem.message)} (${problem.code})`;
}
