import { compileRules, type Refusal, type Rule, type RuleSource } from '../../rules/engine/index.ts';
import { withoutReplaced } from './replaced-rules.ts';
import { readRuleFiles } from './rule-files.ts';

/**
 * What an agent would make of the rule files of a pack, whose rules may refer to those that come with Sealwatch at
 * the given paths. @throws {AgentError} `AGENT_RULES_UNREADABLE`
 */
export function compileRulePack(
  files: readonly RuleSource[],
  builtin: readonly string[],
): { readonly rules: readonly Rule[]; readonly refused: readonly Refusal[] } {
  const paths = new Set(files.map(({ path }) => path));
  const { rules, refused } = compileRules([...files, ...withoutReplaced(readRuleFiles(builtin), files)]);
  return {
    rules: rules.filter(({ path }) => paths.has(path)),
    refused: refused.filter(({ path }) => paths.has(path)),
  };
}
