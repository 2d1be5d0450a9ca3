import * as z from 'zod';
import { limits } from '../../wire/index.ts';

/** Where stages beyond the limit are counted. */
const OTHER = 'other';

/** Losses by stage. */
export type Losses = Readonly<Record<string, number>>;

/** What is kept of an agent's losses: of its present run, and of all before. */
export interface KeptLosses {
  readonly lost: Losses;
  readonly lostBefore: Losses;
  /** When the present run began, as the agent says; null before its first word of it. */
  readonly since: string | null;
}

const lossesSchema = z.record(z.string(), z.number());

/** Losses as a column of the database holds them; nothing where it holds something else. */
export function lossesOf(text: string): Losses {
  try {
    return lossesSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Sum by stage. So many stages at most; what is over them is one stage, `other`. */
export function sumOfLosses(one: Losses, other: Losses): Losses {
  const sum = new Map<string, number>();
  for (const [stage, count] of [...Object.entries(one), ...Object.entries(other)]) {
    const name = sum.has(stage) || sum.size < limits.MAX_LOSS_STAGES - 1 ? stage : OTHER;
    sum.set(name, Math.min(Number.MAX_SAFE_INTEGER, (sum.get(name) ?? 0) + count));
  }
  return Object.fromEntries(sum);
}

/** What is known after a loss frame. A run that was not known before starts from nothing. */
export function afterLossFrame(kept: KeptLosses, since: string, lost: Losses): KeptLosses {
  if (kept.since === null || kept.since === since) {
    const stages = new Set([...Object.keys(kept.lost), ...Object.keys(lost)]);
    const highest = [...stages].map((stage): [string, number] => [
      stage,
      Math.max(kept.lost[stage] ?? 0, lost[stage] ?? 0),
    ]);
    return { ...kept, since, lost: sumOfLosses(Object.fromEntries(highest), {}) };
  }
  return { since, lost: sumOfLosses(lost, {}), lostBefore: sumOfLosses(kept.lostBefore, kept.lost) };
}
