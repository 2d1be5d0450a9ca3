import * as z from 'zod';
import type { Pipeline } from '../pipeline.ts';
import { warningsOf } from '../rules/edition-log.ts';
import type { RuleEdition } from '../rules/rulebook.ts';

export const ruleStatusSchema = z.object({
  loaded: z.number(),
  refused: z.number(),
  warnings: z.number(),
  /** The signed pack in force. */
  pack: z.object({ name: z.string(), version: z.number() }).nullable(),
  /** Whether a pack was offered that is not in force. */
  pack_refused: z.boolean(),
  /** When they were last read, at the start or later. */
  reloaded: z.string(),
  /** Firings of correlations that went on and on, for which the first alert stands. */
  folded: z.number(),
  /** What correlations had to forget for want of memory. */
  evicted: z.object({ groups: z.number(), entries: z.number() }),
});
/** What a running agent says of its rules. */
type RuleStatus = Readonly<z.infer<typeof ruleStatusSchema>>;

export function ruleStatus(
  { set, refused, pack, packFaults, time }: RuleEdition,
  { folded, evicted: { groups, entries } }: Pick<Pipeline, 'folded' | 'evicted'>,
): RuleStatus {
  return {
    loaded: set.rules.length,
    refused: refused.length,
    warnings: warningsOf(set).length,
    pack: pack === null ? null : { ...pack },
    pack_refused: packFaults.length > 0,
    reloaded: new Date(time).toISOString(),
    folded,
    evicted: { groups, entries },
  };
}
