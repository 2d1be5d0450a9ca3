import { RuleError } from '../errors.ts';
import type { FieldAlias, ParsedCorrelation } from '../parse/correlation.ts';
import type { RuleReference } from '../parse/correlation-condition.ts';
import type { Rule } from '../parse/metadata.ts';

/** A rule, or another correlation, that a correlation refers to. */
export interface Member {
  /** As written in the correlation. */
  readonly reference: string;
  readonly rule: Rule;
  /** For each entry of `group-by` the field that holds it in this rule's events. */
  readonly groupFields: readonly string[];
  /** For each `field` of the condition the field that holds it in this rule's events. */
  readonly valueFields: readonly string[];
}

/** A correlation whose references are known. */
export interface Correlation {
  readonly rule: Rule;
  readonly definition: ParsedCorrelation;
  /** In the order of the file. */
  readonly members: readonly Member[];
}

/** Something that can be referred to. */
interface Target {
  readonly rule: Rule;
  /** Undefined for a detection rule. */
  readonly correlation: ParsedCorrelation | undefined;
}
interface Link extends Target {
  readonly reference: RuleReference;
}
type Links = ReadonlyMap<ParsedCorrelation, readonly Link[]>;

/**
 * Finds what each correlation refers to: by id, else by name, else by title, in whichever file and place it
 * stands; of several with one name the one in the same file counts, else the first. What refers to a refused
 * correlation is refused, too.
 * @param refuse called once for each refused correlation, in the order given, with `RULE_REFERENCE_UNKNOWN`,
 *   `RULE_REFERENCE_CYCLE` or `RULE_CORRELATION_INVALID`
 * @returns the others, each after those that it refers to
 */
export function resolveCorrelations(
  parsed: readonly ParsedCorrelation[],
  rules: readonly Rule[],
  refuse: (path: string, error: RuleError) => void,
): readonly Correlation[] {
  const directory = new Directory([
    ...rules.map((rule) => ({ rule, correlation: undefined })),
    ...parsed.map((correlation) => ({ rule: correlation.rule, correlation })),
  ]);
  const faults = new Map<ParsedCorrelation, RuleError>();
  const links = new Map<ParsedCorrelation, readonly Link[]>();
  for (const correlation of parsed) {
    try {
      links.set(correlation, linksOf(correlation, directory));
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      faults.set(correlation, error);
    }
  }
  const dependents = dependentsOf(links);
  spreadFaults(faults, links, dependents);
  const ordered = sort(links, faults, dependents);
  refuseCircles(links, faults, new Set(ordered));
  spreadFaults(faults, links, dependents);
  for (const correlation of parsed) {
    const fault = faults.get(correlation);
    if (fault !== undefined) refuse(correlation.rule.path, fault);
  }
  return ordered.map((correlation) => assemble(correlation, links.get(correlation) ?? []));
}

/**
 * The rules that do not alert on their own: at least one correlation refers to them, and none that does says
 * `generate: true` (specification of correlation rules, "Generate").
 */
export function silenced(correlations: readonly Correlation[]): ReadonlySet<Rule> {
  const loud = new Set<Rule>();
  const referenced = new Set<Rule>();
  for (const { definition, members } of correlations) {
    for (const { rule } of members) (definition.generate ? loud : referenced).add(rule);
  }
  return new Set([...referenced].filter((rule) => !loud.has(rule)));
}

class Directory {
  readonly #byKey: readonly ReadonlyMap<string, readonly Target[]>[];

  constructor(targets: readonly Target[]) {
    this.#byKey = (['id', 'name', 'title'] as const).map((key) =>
      Map.groupBy(targets, ({ rule }) => rule[key]),
    );
  }

  find(name: string, path: string): Target | undefined {
    for (const targets of this.#byKey) {
      const found = targets.get(name);
      if (found !== undefined) return found.find(({ rule }) => rule.path === path) ?? found[0];
    }
    return undefined;
  }
}

function linksOf(correlation: ParsedCorrelation, directory: Directory): readonly Link[] {
  const seen = new Map<Rule, string>();
  const links = correlation.references.map((reference) => {
    const { name, line } = reference;
    const target = directory.find(name, correlation.rule.path);
    if (target === undefined) {
      throw new RuleError('RULE_REFERENCE_UNKNOWN', `no rule has the id, name or title '${name}'`, { line });
    }
    const twin = seen.get(target.rule);
    if (twin !== undefined) {
      throw new RuleError('RULE_CORRELATION_INVALID', `'${name}' and '${twin}' are the same rule`, { line });
    }
    seen.set(target.rule, name);
    return { ...target, reference };
  });
  for (const alias of correlation.aliases) {
    if (!links.some((link) => speaksOf(alias, link))) {
      const message = `the alias '${alias.alias}' speaks of '${alias.rule}', which is not one of \`rules\``;
      throw new RuleError('RULE_CORRELATION_INVALID', message, { line: alias.line });
    }
  }
  return links;
}

function speaksOf(alias: FieldAlias, { rule, reference }: Link): boolean {
  return [reference.name, rule.name, rule.id, rule.title].includes(alias.rule);
}

function dependentsOf(links: Links): ReadonlyMap<ParsedCorrelation, readonly ParsedCorrelation[]> {
  const dependents = new Map<ParsedCorrelation, ParsedCorrelation[]>();
  for (const [correlation, targets] of links) {
    for (const { correlation: target } of targets) {
      if (target === undefined) continue;
      const known = dependents.get(target);
      if (known === undefined) dependents.set(target, [correlation]);
      else known.push(correlation);
    }
  }
  return dependents;
}

/** Refuses what refers to the refused, and what refers to that. */
function spreadFaults(
  faults: Map<ParsedCorrelation, RuleError>,
  links: Links,
  dependents: ReadonlyMap<ParsedCorrelation, readonly ParsedCorrelation[]>,
): void {
  const pending = [...faults.keys()];
  for (let at = 0; at < pending.length; at += 1) {
    const refused = pending[at];
    if (refused === undefined) continue;
    for (const dependent of dependents.get(refused) ?? []) {
      if (faults.has(dependent)) continue;
      const link = links.get(dependent)?.find(({ correlation }) => correlation === refused);
      const message = `'${link?.reference.name ?? refused.rule.name}' was refused`;
      faults.set(
        dependent,
        new RuleError('RULE_REFERENCE_UNKNOWN', message, { line: link?.reference.line ?? dependent.line }),
      );
      pending.push(dependent);
    }
  }
}

/** Each after what it refers to; what stands in a circle, or needs one, is left out. */
function sort(
  links: Links,
  faults: ReadonlyMap<ParsedCorrelation, RuleError>,
  dependents: ReadonlyMap<ParsedCorrelation, readonly ParsedCorrelation[]>,
): readonly ParsedCorrelation[] {
  const open = new Map<ParsedCorrelation, number>();
  for (const [correlation, targets] of links) {
    if (faults.has(correlation)) continue;
    open.set(correlation, targets.filter((target) => target.correlation !== undefined).length);
  }
  const ordered = [...open.keys()].filter((correlation) => open.get(correlation) === 0);
  for (let at = 0; at < ordered.length; at += 1) {
    const done = ordered[at];
    if (done === undefined) continue;
    for (const dependent of dependents.get(done) ?? []) {
      const left = open.get(dependent);
      if (left === undefined) continue;
      open.set(dependent, left - 1);
      if (left === 1) ordered.push(dependent);
    }
  }
  return ordered;
}

/** Of what could not be put in order, refuses what stands in a circle or between two. */
function refuseCircles(
  links: Links,
  faults: Map<ParsedCorrelation, RuleError>,
  ordered: ReadonlySet<ParsedCorrelation>,
): void {
  const stuck = new Map<ParsedCorrelation, Link[]>();
  for (const [correlation, targets] of links) {
    if (!ordered.has(correlation) && !faults.has(correlation)) stuck.set(correlation, [...targets]);
  }
  const references = new Map<ParsedCorrelation, number>();
  const count = (target: ParsedCorrelation | undefined, by: number): number => {
    if (target === undefined || !stuck.has(target)) return -1;
    const now = (references.get(target) ?? 0) + by;
    references.set(target, now);
    return now;
  };
  for (const targets of stuck.values()) for (const { correlation } of targets) count(correlation, 1);
  // What nothing else in here refers to only needs the circle; `spreadFaults` refuses that.
  const outer = [...stuck.keys()].filter((correlation) => (references.get(correlation) ?? 0) === 0);
  for (let at = 0; at < outer.length; at += 1) {
    const correlation = outer[at];
    const targets = correlation === undefined ? undefined : stuck.get(correlation);
    for (const { correlation: target } of targets ?? []) {
      if (target !== undefined && count(target, -1) === 0) outer.push(target);
    }
  }
  for (const correlation of outer) stuck.delete(correlation);
  for (const [correlation, targets] of stuck) {
    const link = targets.find(({ correlation: target }) => target !== undefined && stuck.has(target));
    const message = `'${correlation.rule.name}' and '${link?.reference.name}' refer to each other in a circle`;
    faults.set(
      correlation,
      new RuleError('RULE_REFERENCE_CYCLE', message, { line: link?.reference.line ?? correlation.line }),
    );
  }
}

function assemble(definition: ParsedCorrelation, links: readonly Link[]): Correlation {
  const { aliases, condition, groupBy } = definition;
  const values = condition.kind === 'bounds' ? condition.fields : [];
  const members = links.map((link) => {
    const fields = new Map(
      aliases.filter((alias) => speaksOf(alias, link)).map(({ alias, field }) => [alias, field] as const),
    );
    const fieldOf = (name: string): string => fields.get(name) ?? name;
    return {
      reference: link.reference.name,
      rule: link.rule,
      groupFields: groupBy.map(fieldOf),
      valueFields: values.map(fieldOf),
    };
  });
  return { rule: definition.rule, definition, members };
}
