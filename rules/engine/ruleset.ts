import type { RuleContext } from './compile/context.ts';
import { soughtSets } from './compile/needle.ts';
import type { Predicate } from './compile/predicate.ts';
import { type CompiledRule, compileFilter, compileRule, type Search } from './compile/rule.ts';
import { fieldMapping } from './compile/taxonomy.ts';
import { type Correlation, resolveCorrelations, silenced } from './correlate/resolution.ts';
import { type Refusal, RuleError, type Warning } from './errors.ts';
import { EventView, FieldTable, type RuleEvent } from './match/event.ts';
import { type Explanation, explain } from './match/explanation.ts';
import { Matcher } from './match/matcher.ts';
import type { ParsedFilter } from './parse/filter.ts';
import { type Logsource, logsourceApplies } from './parse/logsource.ts';
import type { Rule, RuleLevel } from './parse/metadata.ts';
import type { ParsedRule } from './parse/rule.ts';
import { type ParsedSources, parseSources, type RuleSource } from './sources.ts';

/** What a user changes about a rule without touching its file. */
export interface RuleAdjustment {
  /** Id, name or title of the rule. */
  readonly rule: string;
  /** It raises no alert of its own; correlations still hear of it. */
  readonly disable?: boolean;
  readonly level?: RuleLevel;
}

export interface CompileOptions {
  /** Values of placeholders for `expand`, by name without percent signs. */
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
  /** `subtrees`: rules that say nothing of MCP look at what descends from MCP servers only. Default `host`. */
  readonly scope?: 'subtrees' | 'host';
  readonly adjustments?: readonly RuleAdjustment[];
}

/** Compiled rules. Immutable: a reload makes a new one. */
export interface RuleSet {
  /** Detection rules in the order in which they were given, then correlations. */
  readonly rules: readonly Rule[];
  readonly refused: readonly Refusal[];
  readonly warnings: readonly Warning[];
  readonly correlations: readonly Correlation[];
  /** Rules that raise no alert of their own: disabled, or there for correlations only. */
  readonly silent: ReadonlySet<Rule>;
  /** The detection rules that match, silent ones as well, in the order in which they were given. */
  match(event: RuleEvent): readonly Rule[];
  /** Why a detection rule matches an event or does not; undefined where no such rule is loaded. */
  explain(rule: string, event: RuleEvent): Explanation | undefined;
  /** Builds the tables for log sources now rather than at their first event. */
  prepare(sources: readonly Logsource[]): void;
  /** Bytes of the tables that were built for the log sources seen so far. */
  readonly bytes: number;
}

/**
 * Compiles Sigma rules, correlations and filters. Never throws for what a file says: what cannot be taken is listed in
 * `refused` with its line and code, and the others go on. Of two rules with one `id` the first counts.
 */
export function compileRules(sources: readonly RuleSource[], options: CompileOptions = {}): RuleSet {
  const refused: Refusal[] = [];
  const warnings: Warning[] = [];
  const refuse = (path: string, { line, code, message }: RuleError): void => {
    refused.push({ path, line, code, message });
  };
  const adjusted = adjust(parseSources(sources, refuse), options.adjustments ?? [], warnings);
  const compilation = new Compilation(options, refuse, warnings);
  const compiled = compilation.rules(adjusted);
  const rules = compiled.map(({ rule }) => rule);
  const correlations = resolveCorrelations(adjusted.correlations, rules, refuse);
  const silent = new Set([...adjusted.disabled, ...silenced(correlations)]);
  const view = new EventView(compilation.fields);
  const matcher = new Matcher(compiled, compilation.fields.names, view);
  return {
    rules: [...rules, ...correlations.map(({ rule }) => rule)],
    refused,
    warnings,
    correlations,
    silent,
    match: (event) => {
      const hits = matcher.match(event);
      return hits.length === 0 ? NO_RULES : hits.map(({ rule }) => rule);
    },
    explain: (name, event) => {
      const found = compiled.find(({ rule }) => isNamed(rule, name));
      return found === undefined ? undefined : explain(found, event, view);
    },
    prepare: (sources) => {
      for (const source of sources) matcher.prepare(source);
    },
    get bytes() {
      return matcher.bytes;
    },
  };
}

const NO_RULES: readonly Rule[] = Object.freeze([]);

function isNamed(rule: Rule, name: string): boolean {
  return rule.id === name || rule.name === name || rule.title === name;
}

interface Adjusted extends ParsedSources {
  readonly disabled: ReadonlySet<Rule>;
}

function adjust(
  parsed: ParsedSources,
  adjustments: readonly RuleAdjustment[],
  warnings: Warning[],
): Adjusted {
  const disabled = new Set<Rule>();
  const used = new Set<RuleAdjustment>();
  const changed = <T extends { readonly rule: Rule }>(each: T): T => {
    const ours = adjustments.filter(({ rule }) => isNamed(each.rule, rule));
    for (const adjustment of ours) used.add(adjustment);
    const level = ours.findLast((adjustment) => adjustment.level !== undefined)?.level;
    const result = level === undefined ? each : { ...each, rule: { ...each.rule, level } };
    if (ours.some(({ disable }) => disable === true)) disabled.add(result.rule);
    return result;
  };
  const result = {
    ...parsed,
    rules: parsed.rules.map(changed),
    correlations: parsed.correlations.map(changed),
  };
  for (const { rule } of adjustments.filter((adjustment) => !used.has(adjustment))) {
    const message = `no rule is loaded that has the id, name or title '${rule}'`;
    warnings.push({ path: rule, line: 1, code: 'RULE_ADJUSTMENT_WITHOUT_EFFECT', message });
  }
  return { ...result, disabled };
}

/** A compilation of a set: what its rules share, and where faults go. */
class Compilation {
  readonly fields = new FieldTable();
  readonly #placeholders: ReadonlyMap<string, readonly string[]>;
  readonly #scope: CompileOptions['scope'];
  readonly #refuse: (path: string, error: RuleError) => void;
  readonly #warnings: Warning[];

  constructor(
    { placeholders = {}, scope }: CompileOptions,
    refuse: (path: string, error: RuleError) => void,
    warnings: Warning[],
  ) {
    this.#placeholders = new Map(Object.entries(placeholders));
    this.#scope = scope;
    this.#refuse = refuse;
    this.#warnings = warnings;
  }

  rules({ rules, filters }: ParsedSources): readonly CompiledRule[] {
    const compiledFilters = filters.flatMap((filter) => {
      const search = this.#attempt(filter.path, () =>
        compileFilter(filter, this.#context(null, filter.line)),
      );
      return search === undefined ? [] : [{ filter, search }];
    });
    const applied = new Set<ParsedFilter>();
    const compiled = rules.flatMap((parsed, place) => {
      const ours = compiledFilters.filter(({ filter }) => filterApplies(filter, parsed.rule));
      for (const { filter } of ours) applied.add(filter);
      const rule = this.#rule(
        parsed,
        place,
        ours.map(({ search }) => search),
      );
      return rule === undefined ? [] : [rule];
    });
    for (const { filter } of compiledFilters) this.#judge(filter, applied.has(filter));
    return compiled;
  }

  #rule(parsed: ParsedRule, place: number, filters: readonly Search[]): CompiledRule | undefined {
    const { path } = parsed.rule;
    const compiled = this.#attempt(path, () => {
      const scope = this.#scope === 'subtrees' && isOfHost(parsed) ? this.#inSubtree() : undefined;
      return compileRule(parsed, filters, this.#context(parsed.taxonomy, parsed.line), place, scope);
    });
    if (compiled !== undefined && soughtSets(compiled.requirement).length === 0) {
      const message = 'it requires no literal text, so that each event of its log source is tried';
      this.#warnings.push({ path, line: parsed.line, code: 'RULE_UNINDEXED', message });
    }
    return compiled;
  }

  #context(taxonomy: string | null, line: number): RuleContext {
    const placeholders = this.#placeholders;
    return {
      fields: this.fields,
      placeholders,
      mapField: fieldMapping(taxonomy, line),
    };
  }

  /** What a process of a server does itself, not what its configuration starts. */
  #inSubtree(): Predicate {
    const member = this.fields.slot('mcp.in_subtree');
    const launch = this.fields.slot('mcp.in_launch_chain');
    return {
      requirement: { sets: [], flags: [{ slot: member, place: 'whole', text: 'true' }] },
      test: (view) => view.cells(member)?.[0]?.value === true && view.cells(launch)?.[0]?.value !== true,
    };
  }

  #judge(filter: ParsedFilter, isApplied: boolean): void {
    const warn = (code: Warning['code'], message: string): void => {
      this.#warnings.push({ path: filter.path, line: filter.line, code, message });
    };
    if (!isApplied) warn('RULE_FILTER_WITHOUT_EFFECT', 'the filter is for no rule that is loaded');
    if (!/\bnot\b/i.test(filter.conditionText)) {
      const message = 'the rules match only what the filter describes; to leave that out, write `not`';
      warn('RULE_FILTER_POSITIVE', message);
    }
  }

  #attempt<T>(path: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      this.#refuse(path, error);
      return undefined;
    }
  }
}

function filterApplies(filter: ParsedFilter, rule: Rule): boolean {
  // As pySigma does: what the filter's log source says must be said by the rule's, too.
  if (!logsourceApplies(filter.logsource, rule.logsource)) return false;
  return filter.references === null || filter.references.some((name) => isNamed(rule, name));
}

const OF_OURS = /^(?:mcp|agent|correlation)\./;

/** Whether a rule is about any host: it is for an operating system and names nothing that is only here. */
function isOfHost({ rule, detections }: ParsedRule): boolean {
  const { product } = rule.logsource;
  if (product !== undefined && !['linux', 'macos'].includes(product.toLowerCase())) return false;
  return !Array.from(detections.values()).some(({ value }) => {
    const maps = value.kind === 'list' ? value.items : [value];
    return maps.some((map) => map.kind === 'map' && [...map.entries.keys()].some((key) => OF_OURS.test(key)));
  });
}
