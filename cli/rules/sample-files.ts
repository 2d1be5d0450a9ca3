import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Rule, RuleSet } from '../../rules/engine/index.ts';

export const SAMPLE_KINDS = ['hit', 'miss'] as const;
export type SampleKind = (typeof SAMPLE_KINDS)[number];

/** Rules of one file whose samples are the same files; most often it is one rule. */
export interface SampleGroup {
  readonly rules: readonly Rule[];
  /** Sample files that are there. */
  readonly files: Readonly<Partial<Record<SampleKind, string>>>;
}

/**
 * Which samples are whose: `NAME.hit.jsonl` and `NAME.miss.jsonl` are of the rule NAME in a file beside them. Where
 * no rule of NAME.yml is called NAME, they are of all its rules that have none of their own.
 */
export function sampleGroups(set: RuleSet, paths: readonly string[]): readonly SampleGroup[] {
  const ofFile = Map.groupBy(set.rules, ({ path }) => path);
  return paths.flatMap((path) => groupsOfFile(path, ofFile.get(path) ?? []));
}

function groupsOfFile(path: string, rules: readonly Rule[]): readonly SampleGroup[] {
  const stem = basename(path).replace(/\.ya?ml$/i, '');
  const isNamed = rules.some(({ name }) => name === stem);
  const shared: Rule[] = [];
  const groups: SampleGroup[] = [];
  for (const rule of rules) {
    const files = filesOf(path, rule.name);
    const hasOwn = Object.keys(files).length > 0;
    if (hasOwn || isNamed) groups.push({ rules: [rule], files });
    else shared.push(rule);
  }
  if (shared.length > 0) groups.push({ rules: shared, files: filesOf(path, stem) });
  return groups;
}

function filesOf(path: string, name: string): SampleGroup['files'] {
  // The name comes out of a rule file, which may be anybody's: it must not lead to another directory.
  if (basename(name) !== name) return {};
  const found = SAMPLE_KINDS.map((kind) => [kind, join(dirname(path), `${name}.${kind}.jsonl`)] as const);
  return Object.fromEntries(found.filter(([, file]) => existsSync(file)));
}
