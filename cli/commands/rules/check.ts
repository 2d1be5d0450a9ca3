import { EXIT, type ExitCode } from '../../exit-code.ts';
import type { Output } from '../../output.ts';
import {
  compileSources,
  type RuleOptions,
  refusalLine,
  ruleSourcesAt,
  warningLine,
} from '../../rules/loaded-rules.ts';

export interface CheckOptions extends RuleOptions {
  readonly strict: boolean;
}

/** `sealwatch rules check`: which rules load, and why the others do not. */
export function rulesCheck(paths: readonly string[], options: CheckOptions, output: Output): ExitCode {
  const { rules, refused, warnings } = compileSources(ruleSourcesAt(paths), options);
  if (output.json) output.answerJson({ rules: rules.length, refused, warnings });
  else {
    for (const refusal of refused) output.say(refusalLine(refusal));
    for (const warning of warnings) output.say(warningLine(warning));
    output.answer(`${rules.length} rules load, ${refused.length} are refused`);
  }
  const isEmpty = rules.length === 0 && refused.length === 0;
  if (isEmpty) output.say('warning: there is no rule at what was named');
  if (refused.length > 0) return EXIT.findings;
  return options.strict && (warnings.length > 0 || isEmpty) ? EXIT.findings : EXIT.fine;
}
