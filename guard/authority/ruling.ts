import type { ApprovalErrorCode, ArtefactChange, DenialCode } from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { GuardErrorCode } from '../errors.ts';
import type { Standing } from '../sight/server-sight.ts';

/** Changes that a refusal names; it tells how many more there are. */
const MAX_NAMED_CHANGES = 10;

export type RefusalCode = ApprovalErrorCode | DenialCode | GuardErrorCode;

/** Why something is refused, in words for a person and for a program. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly reason: string;
  /** What changed since the approval; empty where that is not why. */
  readonly changes: readonly ArtefactChange[];
  /** The command that makes it allowed; null where none does. */
  readonly remedy: string | null;
}

export type Ruling = { readonly kind: 'allow' } | { readonly kind: 'refuse'; readonly refusal: Refusal };

/**
 * Whether the server may run and be called. What was approved once and is not any more is refused in every profile; what
 * nobody ever decided about runs in `developer`, where it is reported.
 */
export function rulingOn(standing: Standing, profile: Profile): Ruling {
  if (standing.kind === 'known') {
    const { verdict } = standing;
    if (verdict.state === 'approved') return { kind: 'allow' };
    if (verdict.state === 'pending' && profile === 'developer') return { kind: 'allow' };
    return { kind: 'refuse', refusal: refusalOf(standing) };
  }
  if (standing.kind === 'unknown' && profile === 'developer') return { kind: 'allow' };
  return { kind: 'refuse', refusal: refusalOfStranger(standing) };
}

function refusalOf({ verdict, discovered }: Extract<Standing, { kind: 'known' }>): Refusal {
  return {
    code: verdict.code ?? 'GUARD_NOT_APPROVED',
    reason: verdict.reason,
    changes: verdict.changes.slice(0, MAX_NAMED_CHANGES),
    remedy: approveCommand(discovered.server),
  };
}

function refusalOfStranger(standing: Exclude<Standing, { kind: 'known' }>): Refusal {
  const mismatch = standing.kind === 'mismatch';
  return {
    code: mismatch ? 'GUARD_COMMAND_MISMATCH' : 'GUARD_SERVER_UNKNOWN',
    reason: mismatch
      ? 'its entry in the config asks for another command than the one that was given'
      : 'no config of this user asks for this command',
    changes: [],
    remedy: null,
  };
}

/** The command that approves a server as it is now. */
export function approveCommand({ client, name }: { readonly client: string; readonly name: string }): string {
  return `sealwatch approve ${shellWord(`${client}/${name}`)}`;
}

/** A word as a shell takes it. */
function shellWord(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
