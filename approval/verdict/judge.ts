import type { Profile, ServerState } from '../../wire/index.ts';
import { ApprovalError, type ApprovalErrorCode } from '../errors.ts';
import { skeleton } from '../statement/confusable.ts';
import { contextFault, type Situation } from '../statement/contexts.ts';
import {
  artefactSubjects,
  type Candidate,
  closureDigest,
  REVOCATION_PREDICATE,
  type Statement,
} from '../statement/statement.ts';
import { subjectName } from '../statement/subjects.ts';
import type { StoredApproval, StoreKind, ValidApproval } from '../store/approval-files.ts';
import { type ArtefactChange, changesSince } from './change.ts';
import { claimsToConcern, concernOf } from './concern.ts';
import { describeChanges, type EvidenceOf } from './explanation.ts';

/** Milliseconds by which clocks of signers and hosts may differ. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;
/** Of equal serials, the decision of the store that more people answer for counts. */
const STORE_RANK: Readonly<Record<StoreKind, number>> = { bundle: 3, host: 2, project: 1 };

/** What is to be done about a start of the server. */
export type Ruling = 'allow' | 'report' | 'deny';

/** State of a server with the sentence that explains it. */
export interface Verdict {
  readonly state: ServerState;
  /** Why it is not approved; null where it is, or where nobody ever decided. */
  readonly code: ApprovalErrorCode | null;
  readonly reason: string;
  readonly ruling: Ruling;
  /** The decision that counted; null where there is none. */
  readonly statement: Statement | null;
  /** Where that decision lies; null where there is none. */
  readonly source: { readonly store: StoreKind; readonly path: string } | null;
  /** Whether that decision is about this very server, so that none with a lower serial counts any more. */
  readonly counts: boolean;
  /** What differs from the approved closure; empty unless `drifted`. */
  readonly changes: readonly ArtefactChange[];
}

/** What a server is judged by beside the approvals. */
export interface Grounds {
  readonly situation: Situation;
  /** Different valid signatures that an approval needs here. */
  readonly threshold: number;
  /** Highest serial that ever counted here for this server; 0 where none did. */
  readonly highestSerial: number;
  /** What is known about a change; nothing unless given. */
  readonly evidenceOf?: EvidenceOf | undefined;
}

/**
 * Judges a server by the stored approvals. Of the decisions about it (`concernOf`) that verify, hold for this user, profile
 * and host group and carry enough signatures, the one with the highest serial counts; of equal serials a
 * revocation, then that of the bundle, the host, the project, then the later one. What does not verify can
 * only matter where nothing else is there, and what is about the same entry elsewhere only shows what differs.
 */
export function judge(server: Candidate, stored: readonly StoredApproval[], grounds: Grounds): Verdict {
  let newest: ValidApproval | null = null;
  let alike: ValidApproval | null = null;
  let refused: ApprovalError | null = null;
  for (const entry of stored) {
    if (entry.kind === 'invalid') {
      if (claimsToConcern(entry, server)) refused ??= entry.error;
      continue;
    }
    const concern = concernOf(entry, server);
    if (concern === 'none') continue;
    const fault = standingFault(entry, server, grounds);
    if (fault !== null) refused = concern === 'own' ? fault : refused;
    else if (concern === 'own') newest = newest === null || outranks(entry, newest) ? entry : newest;
    else alike = alike === null || outranks(entry, alike) ? entry : alike;
  }
  const counting = newest ?? (refused === null ? alike : null);
  if (counting === null) return undecided(server, stored, refused, grounds);
  const verdict = verdictOf(counting, server, faultOf(counting, server, grounds), grounds);
  return { ...verdict, counts: newest !== null };
}

/**
 * Why one verified approval does not let this server run here and now; null where it does. The order is fixed:
 * whom it is about, where it holds, who signed, whether it was superseded, what it covers, when it holds.
 */
export function examine(approval: ValidApproval, server: Candidate, grounds: Grounds): ApprovalError | null {
  return standingFault(approval, server, grounds) ?? faultOf(approval, server, grounds);
}

/** Why a decision is none for this server, in this place, by these signers. */
function standingFault(approval: ValidApproval, server: Candidate, grounds: Grounds): ApprovalError | null {
  const { statement, signers } = approval;
  const { predicate } = statement;
  if (concernOf(approval, server) === 'none') {
    const { client, name } = predicate.server;
    return new ApprovalError('APPROVAL_SERVER_MISMATCH', `the approval is for ${client}/${name}`);
  }
  const context = contextFault(predicate.contexts, grounds.situation, server.user);
  if (context !== null) return context;
  // Whoever is trusted at all may stop a server.
  const needed = statement.predicateType === REVOCATION_PREDICATE ? 1 : grounds.threshold;
  if (signers.length >= needed) return null;
  const message = `it carries ${signers.length} of ${needed} signatures`;
  return new ApprovalError('APPROVAL_SIGNATURES_TOO_FEW', message, {
    hint: 'another approver adds one with `sealwatch cosign`',
  });
}

/** Why a decision that stands does not let the server run now. */
function faultOf({ statement }: ValidApproval, server: Candidate, grounds: Grounds): ApprovalError | null {
  const { predicate, predicateType } = statement;
  if (predicate.serial < grounds.highestSerial) {
    const message = `its serial ${predicate.serial} is older than ${grounds.highestSerial}, which counted here before`;
    return new ApprovalError('APPROVAL_SERIAL_ROLLED_BACK', message);
  }
  if (predicateType === REVOCATION_PREDICATE) {
    return new ApprovalError('APPROVAL_REVOKED', `revoked ${predicate.issued} by ${predicate.approver}`);
  }
  if (closureDigest(statement) !== server.closure.digest) return closureFault(statement, server, grounds);
  return timeFault(statement, grounds.situation);
}

function closureFault(statement: Statement, server: Candidate, grounds: Grounds): ApprovalError {
  const changes = changesSince(statement, server);
  const alike = lookAlike(statement, server);
  if (alike !== null) return new ApprovalError('APPROVAL_SUBJECT_CONFUSABLE', alike);
  const { evidenceOf = () => null, situation } = grounds;
  return new ApprovalError('APPROVAL_CLOSURE_CHANGED', describeChanges(changes, evidenceOf, situation.now));
}

/** A name that only looks like the approved one is told as what it is, not as one file gone and one new. */
function lookAlike(statement: Statement, server: Candidate): string | null {
  const approved = artefactSubjects(statement);
  const shapes = new Map([...approved.keys()].map((name) => [skeleton(name), name]));
  for (const artefact of server.closure.artefacts) {
    const name = subjectName(artefact);
    const other = shapes.get(skeleton(name));
    if (other !== undefined && other !== name) return `${name} only looks like ${other}, which was approved`;
  }
  return null;
}

function timeFault({ predicate }: Statement, { now, latestSeen }: Situation): ApprovalError | null {
  const { issued, expires } = predicate;
  const time = now.getTime();
  if (Date.parse(issued) > time + CLOCK_TOLERANCE_MS)
    return new ApprovalError('APPROVAL_NOT_YET_VALID', `it was issued ${issued}, which is still to come`);
  if (expires === null) return null;
  const end = Date.parse(expires);
  if (end <= time) return new ApprovalError('APPROVAL_EXPIRED', `approval expired ${expires}`);
  if (latestSeen === null || end > latestSeen) return null;
  const seen = new Date(latestSeen).toISOString();
  return new ApprovalError('APPROVAL_CLOCK_SET_BACK', `the clock was set back: it was ${seen} here before`, {
    hint: 'where the clock is right now, root may remove marks/clock from the state directory',
  });
}

const STATE_OF: Partial<Readonly<Record<ApprovalErrorCode, ServerState>>> = {
  APPROVAL_REVOKED: 'revoked',
  APPROVAL_CLOSURE_CHANGED: 'drifted',
  APPROVAL_SUBJECT_CONFUSABLE: 'drifted',
  APPROVAL_EXPIRED: 'expired',
  APPROVAL_CLOCK_SET_BACK: 'expired',
  APPROVAL_SIGNATURES_TOO_FEW: 'pending',
  APPROVAL_PROFILE_MISMATCH: 'pending',
  APPROVAL_GROUP_MISMATCH: 'pending',
  APPROVAL_USER_MISMATCH: 'pending',
};

function verdictOf(
  approval: ValidApproval,
  server: Candidate,
  fault: ApprovalError | null,
  { situation }: Grounds,
): Omit<Verdict, 'counts'> {
  const { statement, store, path } = approval;
  const { issued, approver } = statement.predicate;
  const state = fault === null ? 'approved' : (STATE_OF[fault.code] ?? 'invalid');
  return {
    state,
    code: fault?.code ?? null,
    reason: fault?.message ?? `approved ${issued} by ${approver}`,
    ruling: rulingOf(state, situation.profile),
    statement,
    source: { store, path },
    changes: state === 'drifted' ? changesSince(statement, server) : [],
  };
}

/** The verdict about a server that no decision speaks for. */
function undecided(
  server: Candidate,
  stored: readonly StoredApproval[],
  refused: ApprovalError | null,
  { situation, highestSerial }: Grounds,
): Verdict {
  const state = refused === null ? 'pending' : (STATE_OF[refused.code] ?? 'invalid');
  const other = refused === null ? approvalOfOther(server, stored) : null;
  const gone = highestSerial > 0 ? `the approval that counted here (serial ${highestSerial}) is gone` : null;
  const reason = refused?.message ?? gone ?? other?.message ?? 'never approved';
  return {
    state,
    code: refused?.code ?? other?.code ?? null,
    reason: state === 'invalid' ? `its approval does not verify: ${reason}` : reason,
    ruling: rulingOf(state, situation.profile),
    statement: null,
    source: null,
    counts: false,
    changes: [],
  };
}

/** A server that was renamed or moved is told so, since its approval is there and does not count. */
function approvalOfOther(server: Candidate, stored: readonly StoredApproval[]): ApprovalError | null {
  const own = new Map(
    server.closure.artefacts
      .filter(({ role, sha256 }) => role !== 'config' && sha256 !== null)
      .map((artefact) => [subjectName(artefact), artefact.sha256]),
  );
  if (own.size === 0) return null;
  for (const entry of stored) {
    if (entry.kind === 'invalid') continue;
    const others = [...artefactSubjects(entry.statement)].filter(([name]) => !name.startsWith('config:'));
    if (others.length !== own.size || !others.every(([name, digest]) => own.get(name) === digest)) continue;
    const { client, name } = entry.statement.predicate.server;
    const message = `never approved; the approval of ${client}/${name} for the same program is for another server`;
    return new ApprovalError('APPROVAL_SERVER_MISMATCH', message);
  }
  return null;
}

/** What a profile does about a state: production runs nothing that is not approved. */
function rulingOf(state: ServerState, profile: Profile): Ruling {
  if (state === 'approved') return 'allow';
  return profile === 'production' || state === 'revoked' ? 'deny' : 'report';
}

/** Two people may decide at once and give one serial twice: then the revocation counts. */
function outranks(a: ValidApproval, b: ValidApproval): boolean {
  const rank = ({ statement, store }: ValidApproval) => [
    statement.predicate.serial,
    statement.predicateType === REVOCATION_PREDICATE ? 1 : 0,
    STORE_RANK[store],
    Date.parse(statement.predicate.issued),
  ];
  const [left, right] = [rank(a), rank(b)];
  const index = left.findIndex((value, at) => value !== right[at]);
  return index !== -1 && (left[index] ?? 0) > (right[index] ?? 0);
}
