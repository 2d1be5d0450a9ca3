import Table from 'cli-table3';
import type { Problem, Server } from '../wire/index.ts';
import { type Output, printable } from './output.ts';
import { byClient, launchText, worstOf } from './report/scan-report.ts';

const TITLES = ['server', 'state', 'user', 'starts', 'worst finding'] as const;
/** Characters of a launch line where the width is not known. */
const MAX_LAUNCH_CHARS = 60;
/** Characters below which a column is not cut. */
const MIN_COLUMN = 12;
/** Blanks that the table puts beside each column. */
const PADDING = 2;
/** Columns in the order in which they give way on a narrow terminal. */
const YIELDING = [3, 0, 4, 2] as const;
const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/u;
const NO_BORDERS = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((place) => [place, '']),
);

interface Row {
  readonly cells: readonly string[];
  readonly colour: (text: string) => string;
}

/** The servers of a host as a table for people: a heading and its servers for each client. */
export function serverTable(servers: readonly Server[], { colours, columns }: Output): string {
  if (servers.length === 0) return 'No MCP server is configured on this host.';
  const groups = byClient(servers, ({ name }) => name).map(({ title, items }) => ({
    title,
    rows: items.map(
      (server): Row => ({ cells: cellsOf(server, columns), colour: colourOf(server, colours) }),
    ),
  }));
  const rows = groups.flatMap((group) => group.rows.map(({ cells }) => cells));
  const widths = columns === null ? null : fitted([TITLES, ...rows], columns);
  const table = new Table({
    head: TITLES.map((title) => colours.dim(title)),
    chars: NO_BORDERS,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': PADDING },
    ...(widths === null ? {} : { colWidths: widths }),
  });
  for (const { title, rows: members } of groups) {
    table.push([{ colSpan: TITLES.length, content: colours.bold(`${title} (${members.length})`) }]);
    for (const { cells, colour } of members)
      table.push(cells.map((cell, index) => (index === 1 ? colour(cell) : cell)));
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function cellsOf(server: Server, columns: number | null): readonly string[] {
  const state = server.disabled === true ? `${server.state} (disabled)` : server.state;
  const launch = printable(launchText(server));
  const isLong = columns === null && launch.length > MAX_LAUNCH_CHARS;
  return [
    `  ${printable(server.name)}`,
    state,
    printable(server.user),
    isLong ? `${launch.slice(0, MAX_LAUNCH_CHARS - 1)}…` : launch,
    printable(worstFinding(server)),
  ];
}

function worstFinding({ findings }: Server): string {
  const worst = worstOf(findings);
  if (worst === null) return '';
  return `${worst.severity}: ${worst.id}${findings.length > 1 ? ` +${findings.length - 1}` : ''}`;
}

function colourOf({ state }: Server, colours: Output['colours']): (text: string) => string {
  if (state === 'approved') return colours.green;
  return state === 'pending' ? colours.yellow : colours.red;
}

/** Widths that make every row fit: the launch line gives way first, then names, then findings. */
function fitted(rows: readonly (readonly string[])[], columns: number): number[] {
  const widths = TITLES.map(
    (_, index) => Math.max(...rows.map((row) => widthOf(row[index] ?? ''))) + PADDING,
  );
  let excess = widths.reduce((sum, width) => sum + width, 0) - columns;
  for (const index of YIELDING) {
    const width = widths[index] ?? 0;
    const given = Math.max(0, Math.min(excess, width - MIN_COLUMN - PADDING));
    widths[index] = width - given;
    excess -= given;
  }
  return widths;
}

function widthOf(text: string): number {
  return [...text].reduce((width, char) => width + (WIDE.test(char) ? 2 : 1), 0);
}

/** A problem in one line: place, reason, code. */
export function problemLine(problem: Problem): string {
  const place =
    problem.line === null ? '' : `:${problem.line}${problem.column === null ? '' : `:${problem.column}`}`;
  return `${printable(problem.path)}${place}: ${printable(problem.message)} (${problem.code})`;
}
