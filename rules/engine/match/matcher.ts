import { isSame, type Needle } from '../compile/needle.ts';
import type { CompiledRule } from '../compile/rule.ts';
import { type Logsource, logsourceApplies } from '../parse/logsource.ts';
import type { EventView, RuleEvent } from './event.ts';
import { LiteralIndex } from './literal-index.ts';

/** Log sources for which routes are kept; more come from events that name odd ones. */
const MAX_ROUTES = 128;
const NONE: readonly CompiledRule[] = Object.freeze([]);

/** Rules that need the same flag, from which on they are worth an index of their own. */
const WORTH_A_GATE = 8;

/** The rules for a log source. */
interface Route {
  readonly open: LiteralIndex;
  /** Rules for events that have a flag; null where there are none. */
  readonly gate: { readonly field: string; readonly text: string } | null;
  readonly gated: LiteralIndex;
}

/** Leads each event to the rules for its log source, and of those to the ones that could match. */
export class Matcher {
  readonly #rules: readonly CompiledRule[];
  readonly #names: readonly string[];
  readonly #view: EventView;
  readonly #routes = new Map<string, Route>();
  readonly #known: { readonly [Key in keyof Required<Logsource>]: ReadonlySet<string> };
  /** The last one: most events come in rows of one kind. */
  #lastKey: Logsource = {};
  #last: Route | null = null;

  /** @param names of fields by slot */
  constructor(rules: readonly CompiledRule[], names: readonly string[], view: EventView) {
    this.#rules = rules;
    this.#names = names;
    this.#view = view;
    const known = (key: keyof Logsource): ReadonlySet<string> =>
      new Set(rules.flatMap(({ rule }) => rule.logsource[key]?.toLowerCase() ?? []));
    this.#known = { category: known('category'), product: known('product'), service: known('service') };
  }

  /** The rules that match, in the order in which they were given. */
  match(event: RuleEvent): readonly CompiledRule[] {
    const { gate, gated, open } = this.#routeOf(event.logsource);
    this.#view.show(event);
    let hits = this.#try(open, event, NONE);
    if (gate !== null && String(event.fields[gate.field]) === gate.text) hits = this.#try(gated, event, hits);
    return hits.length > 1 ? hits.toSorted((a, b) => a.place - b.place) : hits;
  }

  #try(index: LiteralIndex, event: RuleEvent, before: readonly CompiledRule[]): readonly CompiledRule[] {
    const candidates = index.candidates(event);
    if (candidates.length === 0) return before;
    const view = this.#view;
    let hits = before;
    for (const candidate of candidates) {
      const rule = index.rule(candidate);
      if (rule.test(view)) hits = [...hits, rule];
    }
    return hits;
  }

  /** Builds the tables for a log source. */
  prepare(source: Logsource): void {
    this.#built(source);
  }

  /** Bytes of the tables that are built now. */
  get bytes(): number {
    return Array.from(this.#routes.values()).reduce(
      (sum, { open, gated }) => sum + open.bytes + gated.bytes,
      0,
    );
  }

  #routeOf(source: Logsource | undefined): Route {
    const key = this.#lastKey;
    if (
      this.#last !== null &&
      source !== undefined &&
      source.category === key.category &&
      source.product === key.product &&
      source.service === key.service
    ) {
      return this.#last;
    }
    const route = this.#built(source);
    if (source !== undefined) {
      this.#lastKey = source;
      this.#last = route;
    }
    return route;
  }

  /** Parts of a log source that no rule names are all the same, so that hostile ones make no tables. */
  #built(source: Logsource | undefined): Route {
    const part = (key: keyof Logsource): string => {
      const text = source?.[key]?.toLowerCase() ?? '';
      return this.#known[key].has(text) ? text : '';
    };
    const parts = source === undefined ? null : [part('category'), part('product'), part('service')];
    const key = JSON.stringify(parts);
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    if (this.#routes.size >= MAX_ROUTES) this.#routes.clear();
    const rules = this.#rules.filter(({ rule }) => logsourceApplies(rule.logsource, source));
    const route = this.#route(rules);
    this.#routes.set(key, route);
    return route;
  }

  /** Sets rules apart that look at some events only, so that the others cost no look for their texts. */
  #route(rules: readonly CompiledRule[]): Route {
    const flag = commonFlag(rules);
    const isGated = ({ requirement }: CompiledRule): boolean =>
      flag !== null && requirement.flags.some((each) => isSame(each, flag));
    return {
      gate: flag === null ? null : { field: this.#names[flag.slot ?? 0] ?? '', text: flag.text },
      gated: new LiteralIndex(rules.filter(isGated), this.#names),
      open: new LiteralIndex(
        rules.filter((rule) => !isGated(rule)),
        this.#names,
      ),
    };
  }
}

/** The flag that most rules require; null where few do. */
function commonFlag(rules: readonly CompiledRule[]): Needle | null {
  const counts = new Map<string, { readonly flag: Needle; count: number }>();
  for (const { requirement } of rules) {
    for (const flag of requirement.flags) {
      const key = `${flag.slot} ${flag.text}`;
      const counted = counts.get(key) ?? { flag, count: 0 };
      counted.count += 1;
      counts.set(key, counted);
    }
  }
  let most: { readonly flag: Needle; count: number } | null = null;
  for (const each of counts.values()) if (each.count > (most?.count ?? WORTH_A_GATE - 1)) most = each;
  return most?.flag ?? null;
}
