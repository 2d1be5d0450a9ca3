import { soughtSets } from '../compile/needle.ts';
import type { CompiledRule } from '../compile/rule.ts';
import type { RuleEvent } from './event.ts';
import { NeedleFinder } from './needle-finder.ts';
import { bitOf, ruleOf, SoughtNeedles, withoutRareScans } from './sought-needles.ts';

/** A field that is looked through. */
interface FieldFinder {
  readonly name: string;
  readonly finder: NeedleFinder;
}

/**
 * The rules of one log source by the literal texts that they require: one pass over each field of an event tells which
 * rules could match it. Rules that require nothing literal are always among them.
 */
export class LiteralIndex {
  readonly #rules: readonly CompiledRule[];
  readonly #always: readonly number[];
  readonly #fields: readonly FieldFinder[];
  readonly #named: ReadonlySet<string>;
  /** For fields without needles of their own; null where none is looked for in all fields. */
  readonly #elsewhere: NeedleFinder | null;
  readonly #candidates: number[] = [];
  /** For which event a rule was last found. */
  readonly #foundIn: Float64Array;
  /** By rule: which sets of its requirement were met in that event, a bit each, and all of them. */
  readonly #met: Uint8Array;
  readonly #needed: Uint8Array;
  #event = 0;
  readonly bytes: number;

  /** @param names of fields by slot */
  constructor(rules: readonly CompiledRule[], names: readonly string[]) {
    this.#rules = rules;
    this.#foundIn = new Float64Array(rules.length);
    this.#met = new Uint8Array(rules.length);
    const sought = withoutRareScans(rules.map(({ requirement }) => soughtSets(requirement)));
    this.#always = sought.flatMap((sets, index) => (sets.length === 0 ? [index] : []));
    this.#needed = Uint8Array.from(sought, (sets) => (1 << sets.length) - 1);
    const needles = new SoughtNeedles(sought);
    this.#fields = this.#finders(needles, names);
    this.#named = new Set(this.#fields.map(({ name }) => name));
    const everywhere = needles.of(null);
    this.#elsewhere = everywhere.length === 0 ? null : this.#finder(everywhere);
    this.bytes = this.#fields.reduce((sum, { finder }) => sum + finder.bytes, this.#elsewhere?.bytes ?? 0);
  }

  #finders(needles: SoughtNeedles, names: readonly string[]): readonly FieldFinder[] {
    const everywhere = needles.of(null);
    return needles.slots.map((slot) => ({
      name: names[slot] ?? '',
      finder: this.#finder([...needles.of(slot), ...everywhere]),
    }));
  }

  #finder(needles: ReturnType<SoughtNeedles['of']>): NeedleFinder {
    return new NeedleFinder(needles, (target) => this.#find(target));
  }

  /** The rules that could match; valid until the next call. */
  candidates(event: RuleEvent): readonly number[] {
    this.#event += 1;
    this.#candidates.length = 0;
    for (const index of this.#always) this.#candidates.push(index);
    if (this.#elsewhere === null) this.#lookAtNamed(event.fields);
    else this.#lookAtAll(event.fields, this.#elsewhere);
    return this.#candidates;
  }

  rule(index: number): CompiledRule {
    return this.#rules[index] as CompiledRule;
  }

  #find(target: number): void {
    const rule = ruleOf(target);
    const bit = bitOf(target);
    const met = this.#foundIn[rule] === this.#event ? (this.#met[rule] as number) : 0;
    if ((met & bit) !== 0) return;
    this.#foundIn[rule] = this.#event;
    this.#met[rule] = met | bit;
    if ((met | bit) === this.#needed[rule]) this.#candidates.push(rule);
  }

  #lookAtNamed(fields: RuleEvent['fields']): void {
    for (const { name, finder } of this.#fields) lookAt(fields[name], finder);
  }

  #lookAtAll(fields: RuleEvent['fields'], elsewhere: NeedleFinder): void {
    this.#lookAtNamed(fields);
    for (const name in fields) if (!this.#named.has(name)) lookAt(fields[name], elsewhere);
  }
}

function lookAt(value: unknown, finder: NeedleFinder): void {
  if (typeof value === 'string') finder.look(value);
  else if (typeof value === 'number') finder.lookAtNumber(value);
  else if (typeof value === 'boolean') finder.look(String(value));
  else if (Array.isArray(value)) for (const element of value) lookAt(element, finder);
}
