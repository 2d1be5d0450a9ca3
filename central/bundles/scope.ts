import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Schema } from '../store/schema.ts';

/** `full` is on its way to all, `done` is there; both are offered to hosts that come later. */
export const ROLLOUT_STATES = ['canary', 'full', 'done', 'stopped', 'superseded'] as const;
export type RolloutState = (typeof ROLLOUT_STATES)[number];

const groupsSchema = z.array(z.string());

/** Place of a host in the row of canaries of a rollout: 0 ≤ x < 100, always the same. */
export function canaryPlace(rollout: string, agent: string): number {
  const hash = createHash('sha256').update(`${rollout}:${agent}`).digest();
  return (hash.readUInt32BE(0) / 2 ** 32) * 100;
}

/** Groups that a rollout is for; empty for all hosts. */
export function groupsOf({ groups }: Pick<Schema['rollouts'], 'groups'>): readonly string[] {
  return groupsSchema.parse(JSON.parse(groups));
}

/** Whether a rollout is for the hosts of a group. */
export function isInScope(rollout: Pick<Schema['rollouts'], 'groups'>, group: string): boolean {
  const groups = groupsOf(rollout);
  return groups.length === 0 || groups.includes(group);
}
