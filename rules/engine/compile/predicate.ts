import type { Cell, EventView } from '../match/event.ts';
import type { Requirement } from './needle.ts';
import type { CellTest } from './value.ts';

export type EventTest = (view: EventView) => boolean;

/** A test of an event, and what it requires. */
export interface Predicate {
  readonly test: EventTest;
  readonly requirement: Requirement;
}

/** A test of a field's values: undefined where the event has no such field. */
export type ValuesTest = (cells: readonly Cell[] | undefined, view: EventView) => boolean;

/** A test of one value of a rule, and what it requires. */
export interface ValueTest {
  readonly test: ValuesTest;
  readonly requirement: Requirement;
}

/** True where one of the values passes; null is no value. */
export function someCell(test: CellTest): ValuesTest {
  return (cells) => {
    if (cells === undefined) return false;
    for (const cell of cells) if (cell.value !== null && test(cell)) return true;
    return false;
  };
}

/** The same for a test of folded texts. */
export function someFolded(test: (text: string) => boolean): ValuesTest {
  return (cells) => {
    if (cells === undefined) return false;
    for (const cell of cells) if (cell.value !== null && test(cell.folded)) return true;
    return false;
  };
}
