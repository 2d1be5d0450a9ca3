import { MAX_SETS, type Needle, type Requirement, soughtSets } from '../compile/needle.ts';
import type { CompiledRule } from '../compile/rule.ts';
import type { RuleEvent } from './event.ts';
import { NeedleFinder } from './needle-finder.ts';

interface FieldFinder {
  readonly name: string;
  readonly finder: NeedleFinder;
}

/** Bits of a target that number a set of a rule's requirement. */
const SET_BITS = 2;
const SET_MASK = MAX_SETS - 1;

/**
 * The rules of one log source by the literal texts that they require: one pass over each field of an event tells which
 * rules could match it. Rules that require nothing literal are always among them.
 */
export class LiteralIndex {
  readonly #rules: readonly CompiledRule[];
  readonly #always: readonly number[];
  /** By field; of the fields of needles alone, where no needle is looked for in all of them. */
  readonly #indexes: ReadonlyMap<string, NeedleFinder>;
  readonly #fields: readonly FieldFinder[];
  /** For fields without needles of their own; null where none is looked for in all fields. */
  readonly #elsewhere: NeedleFinder | null;
  readonly #candidates: number[] = [];
  /** For which event a rule was last found. */
  readonly #foundIn: Uint32Array;
  /** By rule: which sets of its requirement were met in that event, a bit each, and all of them. */
  readonly #met: Uint8Array;
  readonly #needed: Uint8Array;
  #event = 0;
  readonly bytes: number;

  /** @param names of fields by slot */
  constructor(rules: readonly CompiledRule[], names: readonly string[]) {
    this.#rules = rules;
    this.#foundIn = new Uint32Array(rules.length);
    const sought = withoutRareScans(rules.map(({ requirement }) => soughtSets(requirement)));
    this.#always = sought.flatMap((sets, index) => (sets.length === 0 ? [index] : []));
    this.#needed = Uint8Array.from(sought, (sets) => (1 << sets.length) - 1);
    this.#met = new Uint8Array(rules.length);
    const sorted = sortNeedles(sought);
    const found = (target: number): void => this.#find(target);
    const everywhere = sorted.get(null) ?? [];
    const named: FieldFinder[] = [];
    for (const [slot, needles] of sorted) {
      if (slot !== null)
        named.push({ name: names[slot] ?? '', finder: new NeedleFinder([...needles, ...everywhere], found) });
    }
    this.#elsewhere = everywhere.length === 0 ? null : new NeedleFinder(everywhere, found);
    this.#fields = named;
    this.#indexes = new Map(named.map(({ name, finder }) => [name, finder]));
    this.bytes = named.reduce((sum, { finder }) => sum + finder.bytes, this.#elsewhere?.bytes ?? 0);
  }

  /** The rules that could match; valid until the next call. */
  candidates(event: RuleEvent): readonly number[] {
    this.#event = (this.#event + 1) >>> 0;
    if (this.#event === 0) this.#foundIn.fill(0);
    if (this.#event === 0) this.#event = 1;
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
    const rule = target >>> SET_BITS;
    const bit = 1 << (target & SET_MASK);
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
    for (const name in fields) lookAt(fields[name], this.#indexes.get(name) ?? elsewhere);
  }
}

function lookAt(value: unknown, finder: NeedleFinder): void {
  if (typeof value === 'string') finder.look(value);
  else if (typeof value === 'number' || typeof value === 'boolean') finder.look(String(value));
  else if (Array.isArray(value)) for (const element of value) lookAt(element, finder);
}

/** A needle with the rules that require it. */
interface Sought extends Needle {
  readonly targets: number[];
}

/** Share of the rules from which on it is worth reading a field from end to end for them. */
const WORTH_A_SCAN = 0.05;

/**
 * Leaves out sets that would have a whole field read for few rules, where these are known by another set, too.
 * @param sought sets of each rule
 */
function withoutRareScans(sought: readonly Requirement['sets'][]): readonly Requirement['sets'][] {
  const scans = new Map<number | null, number>();
  for (const slot of sought.flatMap((sets) => [...new Set(sets.flatMap(scannedSlots))])) {
    scans.set(slot, (scans.get(slot) ?? 0) + 1);
  }
  const isRare = (set: readonly Needle[]): boolean =>
    scannedSlots(set).some((slot) => (scans.get(slot) ?? 0) < sought.length * WORTH_A_SCAN);
  return sought.map((sets) => {
    const kept = sets.filter((set) => !isRare(set));
    return kept.length === 0 ? sets : kept;
  });
}

/** Fields that must be read from end to end for needles. */
function scannedSlots(set: readonly Needle[]): readonly (number | null)[] {
  return set.filter(({ place }) => place === 'anywhere').map(({ slot }) => slot);
}

/** Needles by slot, null for those of all fields; each once. A target is a rule and the number of a set. */
function sortNeedles(sought: readonly Requirement['sets'][]): ReadonlyMap<number | null, readonly Sought[]> {
  const bySlot = new Map<number | null, Map<string, Sought>>();
  for (const [rule, sets] of sought.entries()) {
    for (const [set, needles] of sets.entries()) {
      for (const needle of needles) addNeedle(bySlot, needle, (rule << SET_BITS) | set);
    }
  }
  return new Map(Array.from(bySlot, ([slot, needles]) => [slot, [...needles.values()]]));
}

function addNeedle(bySlot: Map<number | null, Map<string, Sought>>, needle: Needle, target: number): void {
  const ofSlot = bySlot.get(needle.slot) ?? new Map<string, Sought>();
  bySlot.set(needle.slot, ofSlot);
  const key = `${needle.place} ${needle.text}`;
  const sought = ofSlot.get(key);
  if (sought === undefined) ofSlot.set(key, { ...needle, targets: [target] });
  else if (sought.targets.at(-1) !== target) sought.targets.push(target);
}
