import type { Rule } from '../../rules/engine/index.ts';
import { printable } from '../output.ts';
import type { Coverage, CoverageRow, CoverageTable } from './coverage-tables.ts';

/** The coverage of a set of rules as a Markdown page. */
export function coveragePage(coverage: Coverage): string {
  const parts = [
    '# Coverage of the rules',
    '',
    `What the tags of ${coverage.rules} rules speak of, as \`sealwatch rules coverage --markdown\` prints it. A tag says that`,
    'the rule sees one way of doing this, not every way. Techniques of ATT&CK stand with their ids, which lead to',
    'what they mean.',
    '',
    '| framework | items with a rule | without |',
    '|---|---|---|',
    ...coverage.tables.map(
      ({ framework, rows, uncovered }) =>
        `| [${framework.title}](${framework.link}) | ${rows.length} | ${framework.items === null ? '' : uncovered.length} |`,
    ),
    ...coverage.tables.flatMap(tableSection),
    ...untaggedSection(coverage.untagged),
    '',
  ];
  return parts.join('\n');
}

function tableSection({ framework, rows, uncovered }: CoverageTable): readonly string[] {
  if (rows.length + uncovered.length === 0) return [];
  const lacking =
    uncovered.length === 0 ? [] : ['', `Without a rule: ${uncovered.map((row) => heading(row)).join('; ')}.`];
  const titles = framework.items === null ? '| id | rules |' : '| item | rules |';
  return [
    '',
    `## ${framework.title}`,
    '',
    titles,
    '|---|---|',
    ...rows.map((row) => `| ${heading(row)} | ${row.rules.map(ruleText).join(', ')} |`),
    ...lacking,
  ];
}

function heading({ id, title, link }: CoverageRow): string {
  const text = title === null ? cell(id) : `${cell(id)} ${title}`;
  return link === null ? text : `[${text}](${link})`;
}

function ruleText({ name, level }: Rule): string {
  return `\`${cell(name)}\` (${level})`;
}

function untaggedSection(untagged: readonly Rule[]): readonly string[] {
  if (untagged.length === 0) return [];
  return ['', '## Rules without such tags', '', `${untagged.map(ruleText).join(', ')}.`];
}

/** Text of a rule file, so that it stays within its cell and is not taken for markup. */
function cell(text: string): string {
  return printable(text).replaceAll(/[|`<>[\]\\]/g, (char) => `&#${char.codePointAt(0)};`);
}
