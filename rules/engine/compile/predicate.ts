import type { Cell, EventView } from '../match/event.ts';
import { NOTHING_REQUIRED, type Requirement, rarity, required, requiredByOne } from './needle.ts';
import type { CellTest } from './value.ts';

export type EventTest = (view: EventView) => boolean;

/** A test of an event, and what it requires. */
export interface Predicate {
  readonly test: EventTest;
  readonly requirement: Requirement;
  /** Whether it is worth trying others first. */
  readonly costly?: boolean;
}

/** A test that requires nothing literal. */
export function unindexed(test: EventTest): Predicate {
  return { test, requirement: NOTHING_REQUIRED };
}

/** The values of a field, or of all fields where the slot is null. */
export function cellsOf(view: EventView, slot: number | null): readonly Cell[] | undefined {
  return slot === null ? view.every() : view.cells(slot);
}

/** True where one of the values passes; null is no value. */
export function someCell(slot: number | null, test: CellTest): EventTest {
  return (view) => {
    const cells = cellsOf(view, slot);
    if (cells === undefined) return false;
    for (const cell of cells) if (cell.value !== null && test(cell)) return true;
    return false;
  };
}

/** The same for a test of the text as it is. */
export function someText(slot: number | null, test: (text: string) => boolean): EventTest {
  const ofCells = someCell(slot, (cell) => test(cell.text));
  if (slot === null) return ofCells;
  return (view) => {
    const value = view.value(slot);
    return typeof value === 'string' ? test(value) : ofCells(view);
  };
}

/** All of them; the cheap ones are tried first, and of those the ones that the fewest events pass. */
export function every(predicates: readonly Predicate[]): Predicate {
  const [only] = predicates;
  if (predicates.length === 1 && only !== undefined) return only;
  const parts = [...predicates].sort((a, b) => rank(a) - rank(b)).map(({ test }) => test);
  return {
    requirement: required(predicates.map((each) => each.requirement)),
    costly: predicates.some(({ costly }) => costly === true),
    test: (view) => {
      for (const part of parts) if (!part(view)) return false;
      return true;
    },
  };
}

const COSTLY = 1_000;

function rank({ requirement, costly }: Predicate): number {
  return rarity(requirement) + (costly === true ? COSTLY : 0);
}

/** One of them. */
export function some(predicates: readonly Predicate[]): Predicate {
  const [only] = predicates;
  if (predicates.length === 1 && only !== undefined) return only;
  const parts = predicates.map(({ test }) => test);
  return {
    requirement: requiredByOne(predicates.map((each) => each.requirement)),
    costly: predicates.some(({ costly }) => costly === true),
    test: (view) => {
      for (const part of parts) if (part(view)) return true;
      return false;
    },
  };
}

/** The opposite, which requires nothing. */
export function not({ test, costly }: Predicate): Predicate {
  return { ...unindexed((view) => !test(view)), costly: costly === true };
}
