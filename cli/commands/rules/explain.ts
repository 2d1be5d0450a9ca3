import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Rule, RuleEvent, RuleSet } from '../../../rules/engine/index.ts';
import { CliError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import type { Installation } from '../../installation.ts';
import type { Output } from '../../output.ts';
import { explainCorrelation, type RuleExplanation } from '../../rules/correlation-explanation.ts';
import { findEvent } from '../../rules/explained-event.ts';
import { correlationLines, explanationLines } from '../../rules/explanation-lines.ts';
import { compileSources, type RuleOptions, refusalLine, ruleSourcesAt } from '../../rules/loaded-rules.ts';

/** Names that a hint lists. */
const MAX_HINTS = 5;

export interface ExplainOptions extends RuleOptions {
  readonly rules?: readonly string[];
}

/** `sealwatch rules explain`: why a rule matches an event, or does not; of a file, each rule in it. */
export async function rulesExplain(
  name: string,
  argument: string,
  options: ExplainOptions,
  install: Installation,
  output: Output,
): Promise<ExitCode> {
  const file = isFile(name) ? resolve(name) : null;
  // First, so that a changed copy of a rule counts rather than the rule.
  const sources = ruleSourcesAt([...(file === null ? [] : [file]), ...(options.rules ?? [install.rules])]);
  const set = compileSources(sources, options);
  const rules = file === null ? rulesCalled(name, set) : rulesOfFile(file, name, set);
  const { name: place, event } = await findEvent(argument);
  const explanations = rules.map((rule) => explain(rule, set, event));
  for (const [index, explanation] of explanations.entries()) {
    if (output.json) output.answerJson(answerOf(explanation));
    else {
      if (index > 0) output.answer('');
      for (const line of linesOf(explanation, place, output)) output.answer(line);
    }
  }
  return explanations.some(({ matched }) => matched) ? EXIT.findings : EXIT.fine;
}

function isFile(name: string): boolean {
  return existsSync(name) && statSync(name).isFile();
}

function rulesOfFile(path: string, name: string, set: RuleSet): readonly Rule[] {
  const refused = set.refused.filter((refusal) => refusal.path === path);
  const rules = set.rules.filter((rule) => rule.path === path);
  if (rules.length > 0) return rules;
  throw new CliError(
    'CLI_FILE_UNREADABLE',
    refused.length > 0 ? refused.map(refusalLine).join('\n') : `${name} holds no rule`,
  );
}

/** By id, else by name, else by title. @throws {CliError} `CLI_USAGE` where no rule is called so */
function rulesCalled(name: string, set: RuleSet): readonly Rule[] {
  for (const key of ['id', 'name', 'title'] as const) {
    const found = set.rules.find((rule) => rule[key] === name);
    if (found !== undefined) return [found];
  }
  const wanted = name.toLowerCase();
  const near = set.rules
    .filter((rule) => `${rule.name} ${rule.title}`.toLowerCase().includes(wanted))
    .map((rule) => rule.name);
  const hint =
    near.length === 0
      ? 'name rule files with --rules, or a file instead of a name'
      : `did you mean ${near.slice(0, MAX_HINTS).join(', ')}?`;
  throw new CliError('CLI_USAGE', `no rule has the id, name or title ${name}`, { hint });
}

function explain(rule: Rule, set: RuleSet, event: RuleEvent): RuleExplanation {
  const correlation = set.correlations.find((each) => each.rule === rule);
  if (correlation !== undefined) return explainCorrelation(correlation, set, event);
  const explanation = set.explain(rule.id, event);
  if (explanation === undefined) throw new Error(`${rule.id} is among the rules, but is not explained`);
  return explanation;
}

function answerOf(explanation: RuleExplanation): object {
  const { id, name, title, level, author, kind, path } = explanation.rule;
  const rule = { id, name, title, level, author, kind, path };
  if (!('members' in explanation)) {
    const { matched, logsource, inScope, search, filters } = explanation;
    return { rule, matched, logsource, in_scope: inScope, search, filters };
  }
  const { matched, counts, members } = explanation;
  const { type, condition, groupBy, timespanMs, window, gapMs } = counts;
  const counted = { type, condition, group_by: groupBy, timespan_ms: timespanMs, window, gap_ms: gapMs };
  return { rule, matched, counts: counted, members };
}

function linesOf(explanation: RuleExplanation, place: string, output: Output): readonly string[] {
  return 'members' in explanation
    ? correlationLines(explanation, place, output)
    : explanationLines(explanation, place, output);
}
