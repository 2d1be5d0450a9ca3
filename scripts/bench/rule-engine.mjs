// What the benchmark of rules measures, joined into one file by it: the engine, and the same rules tried one by one.

import { compileRule } from '../../rules/engine/compile/rule.ts';
import { fieldMapping } from '../../rules/engine/compile/taxonomy.ts';
import { EventView, FieldTable } from '../../rules/engine/match/event.ts';
import { logsourceApplies } from '../../rules/engine/parse/logsource.ts';
import { parseSources } from '../../rules/engine/sources.ts';

export { compileRules, parseEventRecord, RuleStream } from '../../rules/engine/index.ts';

/** Counts the rules that match by trying each of the log source. */
export function tryEach(sources) {
  const fields = new FieldTable();
  const parsed = parseSources(sources, () => {}).rules;
  const rules = parsed.flatMap((rule, place) => {
    const mapField = fieldMapping(rule.taxonomy, rule.line);
    try {
      return [compileRule(rule, [], { fields, placeholders: new Map(), mapField }, place)];
    } catch {
      return [];
    }
  });
  const view = new EventView(fields);
  return (event) => {
    view.show(event);
    let count = 0;
    for (const { rule, test } of rules) {
      if (logsourceApplies(rule.logsource, event.logsource) && test(view)) count += 1;
    }
    return count;
  };
}
