import type { CompiledRule } from '../compile/rule.ts';
import { type Logsource, logsourceApplies } from '../parse/logsource.ts';
import type { EventView, RuleEvent } from './event.ts';
import { LiteralIndex } from './literal-index.ts';

/** Log sources whose rules are kept indexed; more come from events that name odd ones. */
const MAX_INDEXES = 128;
const NONE: readonly CompiledRule[] = Object.freeze([]);

/** Leads each event to the rules for its log source, and of those to the ones that could match. */
export class Matcher {
  readonly #rules: readonly CompiledRule[];
  readonly #names: readonly string[];
  readonly #view: EventView;
  readonly #indexes = new Map<string, LiteralIndex>();
  readonly #known: { readonly [Key in keyof Required<Logsource>]: ReadonlySet<string> };
  /** The last one: most events come in rows of one kind. */
  #lastKey: Logsource = {};
  #last: LiteralIndex | null = null;

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
    const index = this.#indexFor(event.logsource);
    const candidates = index.candidates(event);
    if (candidates.length === 0) return NONE;
    const view = this.#view.show(event);
    let hits: number[] | undefined;
    for (const candidate of candidates) {
      if (!index.rule(candidate).test(view)) continue;
      if (hits === undefined) hits = [candidate];
      else hits.push(candidate);
    }
    if (hits === undefined) return NONE;
    if (hits.length > 1) hits.sort((a, b) => a - b);
    return hits.map((hit) => index.rule(hit));
  }

  /** Bytes of the tables that are built now. */
  get bytes(): number {
    return Array.from(this.#indexes.values()).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #indexFor(source: Logsource | undefined): LiteralIndex {
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
    const index = this.#built(source);
    if (source !== undefined) {
      this.#lastKey = source;
      this.#last = index;
    }
    return index;
  }

  /** Parts of a log source that no rule names are all the same, so that hostile ones make no tables. */
  #built(source: Logsource | undefined): LiteralIndex {
    const part = (key: keyof Logsource): string => {
      const text = source?.[key]?.toLowerCase() ?? '';
      return this.#known[key].has(text) ? text : '';
    };
    const parts = source === undefined ? null : [part('category'), part('product'), part('service')];
    const key = JSON.stringify(parts);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    if (this.#indexes.size >= MAX_INDEXES) this.#indexes.clear();
    const rules = this.#rules.filter(({ rule }) => logsourceApplies(rule.logsource, source));
    const index = new LiteralIndex(rules, this.#names);
    this.#indexes.set(key, index);
    return index;
  }
}
