import * as z from 'zod';
import { limits } from '../../wire/index.ts';

const milliseconds = (least: number) =>
  z
    .number()
    .int()
    .min(least)
    .max(7 * 24 * 3_600_000);

/** When an agent counts as silent, and how that is told. */
export const silenceSettingsSchema = z.strictObject({
  /** Milliseconds without a frame after which an agent is silent. Heartbeats come every 10 s. */
  silent_after_ms: milliseconds(100).default(limits.SILENCE_MS),
  /** Milliseconds in which an agent that was told of is not told of again, at first; doubled each time. */
  fold_ms: milliseconds(100).default(10 * 60_000),
  /** Longest such time in milliseconds. */
  fold_max_ms: milliseconds(100).default(6 * 3_600_000),
  /** Milliseconds without silence after which an agent's earlier silences are forgotten. */
  forget_ms: milliseconds(100).default(3_600_000),
  /** Whether a stop on purpose is told (`agent_stopped`). */
  tell_stops: z.boolean().default(true),
  /** Percent of the agents that, silent at once, are one outage rather than so many agents. */
  outage_percent: z.number().int().min(1).max(100).default(20),
  /** Agents that make an outage at the least. */
  outage_agents: z.number().int().min(2).max(1_000_000).default(10),
});
export type SilenceSettings = Readonly<z.infer<typeof silenceSettingsSchema>>;

export function silenceSettings(given: Partial<SilenceSettings> = {}): SilenceSettings {
  return silenceSettingsSchema.parse(given);
}
