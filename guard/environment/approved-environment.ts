import { isAbsolute } from 'node:path';
import { exposedPart } from '../../approval/index.ts';
import { isLoaderVariable } from '../../inventory/index.ts';
import type { Profile } from '../../wire/index.ts';
import { isBaseName, isTrustName } from './base-names.ts';

/** Whoever owns what belongs to the system: root. */
const SYSTEM_OWNERS = [0];

/** A variable that the server does not get: it steers a loader, or nobody approved it. */
export interface DroppedVariable {
  readonly name: string;
  readonly why: 'loader' | 'not approved';
}

/** What the environment of a server is made of. */
export interface EnvironmentSources {
  /** That of the guard, into which the client has put the entry's variables. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** Names that the entry sets. */
  readonly entryNames: readonly string[];
  /** Names that the policy lists; null where it has no such list. */
  readonly policyNames: readonly string[] | null;
  /** Values that the guard itself provides: fetched secrets, and where the identity token lies. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly profile: Profile;
  /** Whether only root can write what lies at a path, which need not exist. */
  readonly isSystems?: (path: string) => boolean;
}

export interface ApprovedEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** In the order of the inherited environment. */
  readonly dropped: readonly DroppedVariable[];
}

/**
 * The environment with which a server starts: base names, those of its entry and policy, and what the guard provides.
 * Loader variables need the entry or the policy in either profile. Other names pass only in the developer profile, and
 * there only while the policy has no list. Names are compared exactly, as the system does (environ(7)); one that is
 * empty or has `=` or NUL, and a value with NUL, cannot be handed on and is dropped. Linear in the number of variables.
 */
export function approvedEnvironment(sources: EnvironmentSources): ApprovedEnvironment {
  const { inherited, entryNames, policyNames, secrets, profile, isSystems = onlyRootWrites } = sources;
  const approved = new Set([...entryNames, ...(policyNames ?? [])]);
  const isOpen = profile === 'developer' && policyNames === null;
  const kept: [string, string][] = [];
  const dropped: DroppedVariable[] = [];
  for (const [name, value] of Object.entries(inherited)) {
    if (value === undefined || secrets.has(name)) continue;
    if (!isSound(name, value)) dropped.push({ name, why: 'not approved' });
    else if (approved.has(name)) kept.push([name, value]);
    else if (isLoaderVariable(name)) dropped.push({ name, why: 'loader' });
    else if (isOpen || isBaseName(name)) kept.push([name, value]);
    else if (isTrustName(name) && value.split(':').every(isSystems)) kept.push([name, value]);
    else dropped.push({ name, why: 'not approved' });
  }
  return { env: Object.fromEntries([...kept, ...secrets]), dropped };
}

function isSound(name: string, value: string): boolean {
  return name !== '' && !/[=\0]/.test(name) && !value.includes('\0');
}

function onlyRootWrites(path: string): boolean {
  if (!isAbsolute(path)) return false;
  try {
    return exposedPart(path, SYSTEM_OWNERS) === null;
  } catch {
    return false;
  }
}
