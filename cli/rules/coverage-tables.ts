import { RULE_LEVELS, type Rule, type RuleSet } from '../../rules/engine/index.ts';
import { FRAMEWORKS, type Framework } from './frameworks.ts';

/** An item of a framework and the rules that speak of it. */
export interface CoverageRow {
  readonly id: string;
  readonly title: string | null;
  readonly link: string | null;
  /** The gravest first. */
  readonly rules: readonly Rule[];
}

/** Which rules speak of what in one framework. */
export interface CoverageTable {
  readonly framework: Framework;
  readonly rows: readonly CoverageRow[];
  /** Items that no rule speaks of, where all items are known. */
  readonly uncovered: readonly CoverageRow[];
}

export interface Coverage {
  /** How many rules there are, without untagged ones that are there for correlations only. */
  readonly rules: number;
  readonly tables: readonly CoverageTable[];
  /** Rules that alert, but speak of nothing in any framework. */
  readonly untagged: readonly Rule[];
}

/** Sorts rules by what their tags speak of. */
export function coverageOf({ rules, silent }: RuleSet): Coverage {
  const tables = FRAMEWORKS.map((framework) => tableOf(framework, rules));
  const tagged = new Set(tables.flatMap(({ rows }) => rows.flatMap((row) => row.rules)));
  const untagged = rules.filter((rule) => !silent.has(rule) && !tagged.has(rule));
  return { rules: tagged.size + untagged.length, tables, untagged };
}

function tableOf(framework: Framework, rules: readonly Rule[]): CoverageTable {
  const { idOf, linkOf, items } = framework;
  const known = new Map(Object.entries(items ?? {}));
  const found = new Map<string, Set<Rule>>([...known.keys()].map((id) => [id, new Set()]));
  for (const rule of rules) {
    for (const tag of rule.tags) {
      const id = idOf(tag.toLowerCase());
      if (id !== null) found.set(id, (found.get(id) ?? new Set()).add(rule));
    }
  }
  const rows = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, members]) => ({
      id,
      title: known.get(id) ?? null,
      link: linkOf(id),
      rules: [...members].sort(graverFirst),
    }));
  return {
    framework,
    rows: rows.filter((row) => row.rules.length > 0),
    uncovered: rows.filter((row) => row.rules.length === 0),
  };
}

function graverFirst(a: Rule, b: Rule): number {
  const gravity = RULE_LEVELS.indexOf(b.level) - RULE_LEVELS.indexOf(a.level);
  if (gravity !== 0) return gravity;
  return a.name < b.name ? -1 : 1;
}
