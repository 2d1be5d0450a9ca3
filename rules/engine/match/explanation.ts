import type { Detection } from '../compile/detection.ts';
import type { FieldTest } from '../compile/field.ts';
import type { CompiledRule, Search } from '../compile/rule.ts';
import { type Logsource, logsourceApplies } from '../parse/logsource.ts';
import type { Rule } from '../parse/metadata.ts';
import type { EventView, FieldScalar, RuleEvent } from './event.ts';

/** One field of a detection against the event. */
export interface FieldExplanation {
  /** As written: `CommandLine|contains`; empty for keywords. */
  readonly key: string;
  readonly wanted: readonly string[];
  /** What the event has; null where it has no such field, or for keywords. */
  readonly actual: readonly FieldScalar[] | null;
  readonly held: boolean;
}

export interface DetectionExplanation {
  readonly name: string;
  readonly held: boolean;
  /** One of them is enough; of each all fields must hold. */
  readonly alternatives: readonly { readonly held: boolean; readonly fields: readonly FieldExplanation[] }[];
}

/** Detections under a condition, of the rule or of a filter on it. */
export interface SearchExplanation {
  readonly title: string;
  readonly condition: string;
  readonly held: boolean;
  readonly detections: readonly DetectionExplanation[];
}

/** Why a rule matches an event, or does not. */
export interface Explanation {
  readonly rule: Rule;
  readonly matched: boolean;
  readonly logsource: {
    readonly wanted: Logsource;
    readonly actual: Logsource | null;
    readonly held: boolean;
  };
  /** Null where the rule holds everywhere; else whether the event is of an MCP server. */
  readonly inScope: boolean | null;
  readonly search: SearchExplanation;
  readonly filters: readonly SearchExplanation[];
}

/** Tries every part of a rule on an event, also those that the result does not hang on. */
export function explain(compiled: CompiledRule, event: RuleEvent, view: EventView): Explanation {
  view.show(event);
  const { rule } = compiled;
  const held = logsourceApplies(rule.logsource, event.logsource);
  const search = explainSearch(compiled.search, view);
  const filters = compiled.filters.map((filter) => explainSearch(filter, view));
  return {
    rule,
    matched: held && compiled.test(view),
    logsource: { wanted: rule.logsource, actual: event.logsource ?? null, held },
    inScope: compiled.scope === null ? null : compiled.scope(view),
    search,
    filters,
  };
}

function explainSearch(search: Search, view: EventView): SearchExplanation {
  return {
    title: search.title,
    condition: search.condition,
    held: search.test(view),
    detections: search.detections.map((detection) => explainDetection(detection, view)),
  };
}

function explainDetection(detection: Detection, view: EventView): DetectionExplanation {
  return {
    name: detection.name,
    held: detection.test(view),
    alternatives: detection.alternatives.map((fields) => {
      const explained = fields.map((field) => explainField(field, view));
      return { held: explained.every(({ held }) => held), fields: explained };
    }),
  };
}

function explainField({ key, slot, wanted, test }: FieldTest, view: EventView): FieldExplanation {
  const cells = slot === null ? undefined : view.cells(slot);
  return { key, wanted, actual: cells?.map(({ value }) => value) ?? null, held: test(view) };
}
