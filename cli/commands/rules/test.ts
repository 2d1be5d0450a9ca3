import type { Rule, RuleSet } from '../../../rules/engine/index.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { type Output, printable } from '../../output.ts';
import { compileSources, type RuleOptions, refusalLine, ruleSourcesAt } from '../../rules/loaded-rules.ts';
import { SAMPLE_KINDS, type SampleKind, sampleGroups } from '../../rules/sample-files.ts';
import { type RuleResult, runSamples } from '../../rules/sample-run.ts';

export interface TestOptions extends RuleOptions {
  readonly strict: boolean;
}

/** `part`: without samples, but there for a correlation of the same file that has some. */
type Verdict = 'passed' | 'failed' | 'untested' | 'part';
interface JudgedRule extends RuleResult {
  readonly verdict: Verdict;
  /** Kinds of samples of which there are none. */
  readonly missing: readonly SampleKind[];
}

/** `sealwatch rules test`: runs the samples beside each rule. */
export async function rulesTest(
  paths: readonly string[],
  options: TestOptions,
  output: Output,
): Promise<ExitCode> {
  const sources = ruleSourcesAt(paths);
  const set = compileSources(sources, options);
  const results: RuleResult[] = [];
  for (const group of sampleGroups(
    set,
    sources.map(({ path }) => path),
  )) {
    results.push(...(await runSamples(group, set)));
  }
  const judged = judge(results, set);
  const failed = judged.filter(({ verdict }) => verdict === 'failed');
  const incomplete = judged.filter(({ verdict, missing }) => verdict !== 'part' && missing.length > 0);
  if (output.json) output.answerJson(answerOf(judged, set));
  else tell(judged, set, output);
  if (failed.length > 0 || set.refused.length > 0) return EXIT.findings;
  return options.strict && (incomplete.length > 0 || judged.length === 0) ? EXIT.findings : EXIT.fine;
}

function judge(results: readonly RuleResult[], set: RuleSet): readonly JudgedRule[] {
  const judged = results.map((result) => {
    const missing = SAMPLE_KINDS.filter((kind) => result[kind].ok + result[kind].failed.length === 0);
    const isFaulty = SAMPLE_KINDS.some((kind) => result[kind].failed.length > 0);
    // A near miss alone shows nothing: a rule that never matches passes it.
    const verdict: Verdict = isFaulty ? 'failed' : missing.includes('hit') ? 'untested' : 'passed';
    return { ...result, verdict, missing };
  });
  const parts = partsOf(
    new Set(judged.filter(({ verdict }) => verdict !== 'untested').map(({ rule }) => rule)),
    set,
  );
  return judged.map((each) =>
    each.verdict === 'untested' && parts.has(each.rule) ? { ...each, verdict: 'part' } : each,
  );
}

/** Rules that correlations with samples refer to within their file, over any number of steps. */
function partsOf(tested: ReadonlySet<Rule>, { correlations }: RuleSet): ReadonlySet<Rule> {
  const parts = new Set<Rule>();
  // Each correlation stands after those that it refers to.
  for (const { rule, members } of correlations.toReversed()) {
    if (!tested.has(rule) && !parts.has(rule)) continue;
    for (const member of members) if (member.rule.path === rule.path) parts.add(member.rule);
  }
  return parts;
}

function count(judged: readonly JudgedRule[], verdict: Verdict): number {
  return judged.filter((each) => each.verdict === verdict).length;
}

function answerOf(judged: readonly JudgedRule[], { refused }: RuleSet): object {
  return {
    rules: judged.map(({ rule: { id, name, path, author }, verdict, missing, hit, miss }) => ({
      rule: id,
      name,
      path,
      author,
      result: verdict,
      hits: hit,
      misses: miss,
      missing,
    })),
    refused,
    passed: count(judged, 'passed'),
    failed: count(judged, 'failed'),
    untested: count(judged, 'untested'),
  };
}

function tell(judged: readonly JudgedRule[], { refused }: RuleSet, output: Output): void {
  const { colours } = output;
  for (const refusal of refused) output.say(refusalLine(refusal));
  for (const { rule, verdict, missing, hit, miss } of judged) {
    if (verdict === 'part') continue;
    const colour = { passed: colours.green, failed: colours.red, untested: colours.yellow }[verdict];
    const figures = `${hit.ok} hits, ${miss.ok} misses`;
    const lack = missing.length === 0 ? '' : `; no sample of a ${missing.join(', none of a ')}`;
    output.answer(`${colour(verdict.padEnd(8))} ${printable(rule.name)}  ${figures}${lack}`);
    for (const [kind, { file, failed }] of Object.entries({ hit, miss })) {
      for (const { line, reason } of failed) {
        output.answer(`    ${kind.padEnd(4)} ${printable(file ?? '')}:${line}: ${printable(reason)}`);
      }
    }
  }
  const [passed, failed, untested] = (['passed', 'failed', 'untested'] as const).map((verdict) =>
    count(judged, verdict),
  );
  output.answer(`${passed} rules pass, ${failed} fail, ${untested} have no samples`);
}
