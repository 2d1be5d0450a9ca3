import type { Rule } from '../../../rules/engine/index.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import type { Installation } from '../../installation.ts';
import { type Output, printable } from '../../output.ts';
import { coveragePage } from '../../rules/coverage-page.ts';
import { type Coverage, type CoverageRow, coverageOf } from '../../rules/coverage-tables.ts';
import { compileSources, type RuleOptions, ruleSourcesAt, sayRefused } from '../../rules/loaded-rules.ts';

export interface CoverageOptions extends RuleOptions {
  readonly markdown?: boolean;
}

/** `sealwatch rules coverage`: which rules speak of which technique, risk, layer and control. */
export function rulesCoverage(
  paths: readonly string[],
  options: CoverageOptions,
  install: Installation,
  output: Output,
): ExitCode {
  const set = compileSources(ruleSourcesAt(paths.length === 0 ? [install.rules] : paths), options);
  sayRefused(set, output);
  const coverage = coverageOf(set);
  if (output.json) output.answerJson(answerOf(coverage));
  else if (options.markdown === true) output.answer(coveragePage(coverage).trimEnd());
  else for (const line of linesOf(coverage, output)) output.answer(line);
  return set.refused.length === 0 ? EXIT.fine : EXIT.findings;
}

function answerOf({ rules, tables, untagged }: Coverage): object {
  return {
    rules,
    frameworks: tables.map(({ framework: { key, title, link }, rows, uncovered }) => ({
      framework: key,
      title,
      link,
      entries: rows.map(entryOf),
      uncovered: uncovered.map((row) => ({ id: row.id, title: row.title })),
    })),
    untagged: untagged.map(ruleOf),
  };
}

function entryOf({ id, title, link, rules }: CoverageRow): object {
  return { id, title, link, rules: rules.map(ruleOf) };
}

function ruleOf({ id, name, level }: Rule): object {
  return { rule: id, name, level };
}

function linesOf({ rules, tables, untagged }: Coverage, { colours }: Output): readonly string[] {
  const lines = [`${rules} rules`];
  for (const { framework, rows, uncovered } of tables) {
    if (rows.length + uncovered.length === 0) continue;
    lines.push('', colours.bold(framework.title));
    for (const row of rows)
      lines.push(`  ${headingOf(row)}: ${row.rules.map(({ name }) => printable(name)).join(', ')}`);
    for (const row of uncovered) lines.push(`  ${headingOf(row)}: ${colours.yellow('no rule')}`);
  }
  const names = untagged.map(({ name }) => printable(name)).join(', ');
  return untagged.length === 0 ? lines : [...lines, '', `without such tags: ${names}`];
}

function headingOf({ id, title }: CoverageRow): string {
  return title === null ? printable(id) : `${printable(id)} ${title}`;
}
