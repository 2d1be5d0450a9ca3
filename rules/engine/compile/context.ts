import type { FieldTable } from '../match/event.ts';

/** What the rules of a set are compiled with. */
export interface RuleContext {
  readonly fields: FieldTable;
  /** Values of placeholders by name, without the percent signs. */
  readonly placeholders: ReadonlyMap<string, readonly string[]>;
  /** The name that events use for a field of the rule's taxonomy. */
  readonly mapField: (name: string) => string;
}
