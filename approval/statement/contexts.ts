import * as z from 'zod';
import { PROFILES, type Profile } from '../../wire/index.ts';
import { ApprovalError } from '../errors.ts';

const MAX_NAMES = 256;
const names = z.array(z.string().min(1).max(256)).min(1).max(MAX_NAMES).nullable();

/** Where an approval holds; null is everywhere. Lists are sorted and name nothing twice. */
export const contextsSchema = z.strictObject({
  profiles: z.array(z.enum(PROFILES)).min(1).nullable(),
  host_groups: names,
  users: names,
});
export type Contexts = z.infer<typeof contextsSchema>;

/** Where a server stands that an approval is held against. */
export interface Situation {
  readonly now: Date;
  /** The latest time that this host has seen, in milliseconds since the epoch; null where that was never kept. */
  readonly latestSeen: number | null;
  readonly profile: Profile;
  /** The group that this host belongs to; null where it belongs to none. */
  readonly group: string | null;
}

/** What is asked for is kept apart from the order in which it was said. */
export function normaliseContexts(contexts: Contexts): Contexts {
  const sorted = <T extends string>(list: readonly T[] | null) =>
    list === null ? null : [...new Set(list)].sort();
  return {
    profiles: sorted(contexts.profiles),
    host_groups: sorted(contexts.host_groups),
    users: sorted(contexts.users),
  };
}

/** Why an approval does not hold for this user, profile and host group; null where it does. */
export function contextFault(contexts: Contexts, situation: Situation, user: string): ApprovalError | null {
  const { profiles, host_groups, users } = contexts;
  if (profiles !== null && !profiles.includes(situation.profile)) {
    const message = `it is approved for the profile ${profiles.join(', ')}, not for ${situation.profile}`;
    return new ApprovalError('APPROVAL_PROFILE_MISMATCH', message);
  }
  if (host_groups !== null && (situation.group === null || !host_groups.includes(situation.group))) {
    const here = situation.group === null ? 'a host without group' : `the host group ${situation.group}`;
    const message = `it is approved for the host group ${host_groups.join(', ')}, not for ${here}`;
    return new ApprovalError('APPROVAL_GROUP_MISMATCH', message);
  }
  if (users !== null && !users.includes(user)) {
    const message = `it is approved for the user ${users.join(', ')}, not for ${user}`;
    return new ApprovalError('APPROVAL_USER_MISMATCH', message);
  }
  return null;
}
