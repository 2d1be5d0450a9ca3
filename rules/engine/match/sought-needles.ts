import { isTelling, MAX_SETS, type Needle, type Requirement } from '../compile/needle.ts';
import type { SoughtNeedle } from './needle-finder.ts';

/** Bits of a target that number a set of a rule's requirement. */
const SET_BITS = 2;
const SET_MASK = MAX_SETS - 1;

/** The rule of a target, which is the number of a rule with that of one of the sets that it requires. */
export function ruleOf(target: number): number {
  return target >>> SET_BITS;
}

/** A bit for the set of the rule's requirement. */
export function bitOf(target: number): number {
  return 1 << (target & SET_MASK);
}

/** Needles by slot, null for those of all fields; each once. */
export class SoughtNeedles {
  readonly #bySlot = new Map<number | null, Map<string, Needle & { readonly targets: number[] }>>();

  /** @param sought the sets that each rule is looked for by */
  constructor(sought: readonly Requirement['sets'][]) {
    for (const [rule, sets] of sought.entries()) {
      for (const [set, needles] of sets.entries()) {
        for (const needle of needles) this.#add(needle, (rule << SET_BITS) | set);
      }
    }
  }

  /** Slots of fields, without that for all. */
  get slots(): readonly number[] {
    return [...this.#bySlot.keys()].filter((slot) => slot !== null);
  }

  of(slot: number | null): readonly SoughtNeedle[] {
    return [...(this.#bySlot.get(slot)?.values() ?? [])];
  }

  #add(needle: Needle, target: number): void {
    const ofSlot =
      this.#bySlot.get(needle.slot) ?? new Map<string, Needle & { readonly targets: number[] }>();
    this.#bySlot.set(needle.slot, ofSlot);
    const key = `${needle.place} ${needle.text}`;
    const sought = ofSlot.get(key);
    if (sought === undefined) ofSlot.set(key, { ...needle, targets: [target] });
    else if (sought.targets.at(-1) !== target) sought.targets.push(target);
  }
}

/** Share of the rules from which on it is worth reading a field from end to end for them. */
const WORTH_A_SCAN = 0.05;

/**
 * Leaves out sets that would have a whole field read for few rules, where another set tells enough of these, too.
 * @param sought sets of each rule
 */
export function withoutRareScans(sought: readonly Requirement['sets'][]): readonly Requirement['sets'][] {
  const scans = new Map<number | null, number>();
  for (const slot of sought.flatMap((sets) => [...new Set(sets.flatMap(scannedSlots))])) {
    scans.set(slot, (scans.get(slot) ?? 0) + 1);
  }
  const isRare = (set: readonly Needle[]): boolean =>
    scannedSlots(set).some((slot) => (scans.get(slot) ?? 0) < sought.length * WORTH_A_SCAN);
  return sought.map((sets) => {
    const kept = sets.filter((set) => !isRare(set));
    return kept.some(isTelling) ? kept : sets;
  });
}

/** Fields that must be read from end to end for needles. */
function scannedSlots(set: readonly Needle[]): readonly (number | null)[] {
  return set.filter(({ place }) => place === 'anywhere').map(({ slot }) => slot);
}
