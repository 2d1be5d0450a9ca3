import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compileRules, type RuleSet, type RuleSource } from '../../rules/engine/index.ts';
import { AgentError } from '../errors.ts';

const MAX_RULE_FILES = 20_000;
const RULE_SUFFIX = /\.ya?ml$/;

/** Compiles all rule files at the given paths, directories walked in order of name. @throws {AgentError} */
export function loadRules(paths: readonly string[]): RuleSet {
  return compileRules(readRuleFiles(paths));
}

/** The texts of all rule files at the given paths, directories walked in order of name. @throws {AgentError} */
export function readRuleFiles(paths: readonly string[]): readonly RuleSource[] {
  return filesAt(paths).map((path) => ({ path, text: attempt(path, () => readFileSync(path, 'utf8')) }));
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

/** A text that differs once a file at one of the paths was changed, added or removed; nothing is read. */
export function stampOf(paths: readonly string[]): string {
  return paths
    .flatMap((path) => {
      try {
        return filesAt([path]).map(stampOfFile);
      } catch {
        return [`${path}?`];
      }
    })
    .join('\n');
}

function stampOfFile(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return `${path}?`;
  return `${path} ${stat.dev}:${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
}

function filesAt(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => ruleFiles(path)).slice(0, MAX_RULE_FILES);
}

function ruleFiles(path: string): readonly string[] {
  const stat = attempt(path, () => statSync(path));
  if (!stat.isDirectory()) return [path];
  return attempt(path, () => readdirSync(path, { withFileTypes: true }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) return ruleFiles(join(path, entry.name));
      return entry.isFile() && RULE_SUFFIX.test(entry.name) ? [join(path, entry.name)] : [];
    });
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new AgentError('AGENT_RULES_UNREADABLE', `rules at ${path} cannot be read`, { cause });
  }
}
