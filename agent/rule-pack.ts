import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compileRules, type RuleSet } from '../rules/engine/index.ts';
import { AgentError } from './errors.ts';

const MAX_RULE_FILES = 20_000;
const RULE_SUFFIX = /\.ya?ml$/;

/** Compiles all rule files at the given paths, directories walked in order of name. @throws {AgentError} */
export function loadRules(paths: readonly string[]): RuleSet {
  const files = paths.flatMap((path) => ruleFiles(path)).slice(0, MAX_RULE_FILES);
  return compileRules(files.map((path) => ({ path, text: read(path, () => readFileSync(path, 'utf8')) })));
}

/**
 * The same rules. An agent without any would watch and never say a word.
 *
 * @throws {AgentError} `AGENT_RULES_NONE`, with the first refusal, if there is one.
 */
export function requireRules(set: RuleSet): RuleSet {
  if (set.rules.length > 0) return set;
  const [first] = set.refused;
  if (first === undefined) throw new AgentError('AGENT_RULES_NONE', 'there is no rule');
  const place = `${first.path}:${first.line}`;
  throw new AgentError(
    'AGENT_RULES_NONE',
    `none of ${set.refused.length} rule files can be used; the first: ${place}: ${first.message} (${first.code})`,
  );
}

function ruleFiles(path: string): readonly string[] {
  const stat = read(path, () => statSync(path));
  if (!stat.isDirectory()) return [path];
  return read(path, () => readdirSync(path, { withFileTypes: true }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) return ruleFiles(join(path, entry.name));
      return entry.isFile() && RULE_SUFFIX.test(entry.name) ? [join(path, entry.name)] : [];
    });
}

function read<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new AgentError('AGENT_RULES_UNREADABLE', `rules at ${path} cannot be read`, { cause });
  }
}
