import type { ServerState } from '../wire/index.ts';
import { type ArtefactChange, changesSince } from './change.ts';
import {
  type Candidate,
  closureDigest,
  identityOf,
  REVOCATION_PREDICATE,
  type Statement,
  sameIdentity,
} from './statement.ts';
import type { StoredApproval } from './store.ts';

/** State of a server with the sentence that explains it. */
export interface Verdict {
  readonly state: ServerState;
  readonly reason: string;
  /** The decision that counted; null where there is none. */
  readonly statement: Statement | null;
  /** What differs from the approved closure; empty unless `drifted`. */
  readonly changes: readonly ArtefactChange[];
}

/**
 * Judges a server by the stored approvals: the valid decision with the highest serial counts, and a file
 * that does not verify can only matter where no valid one is there.
 */
export function judge(server: Candidate, stored: readonly StoredApproval[], now: Date): Verdict {
  const identity = identityOf(server);
  let newest: Statement | null = null;
  let broken: string | null = null;
  for (const entry of stored) {
    if (entry.kind === 'invalid') {
      if (entry.claims !== null && sameIdentity(entry.claims, identity)) broken = entry.error.message;
      continue;
    }
    const { predicate } = entry.statement;
    if (!sameIdentity(predicate.server, identity)) continue;
    if (newest === null || outranks(entry.statement, newest)) newest = entry.statement;
  }
  if (newest === null) {
    return broken === null
      ? { state: 'pending', reason: 'never approved', statement: null, changes: [] }
      : { state: 'invalid', reason: `its approval does not verify: ${broken}`, statement: null, changes: [] };
  }
  return judgeStatement(server, newest, now);
}

/** Two people may decide at once and give one serial twice: then the revocation counts. */
function outranks(a: Statement, b: Statement): boolean {
  if (a.predicate.serial !== b.predicate.serial) return a.predicate.serial > b.predicate.serial;
  return a.predicateType === REVOCATION_PREDICATE;
}

function judgeStatement(server: Candidate, statement: Statement, now: Date): Verdict {
  const { predicate, predicateType } = statement;
  if (predicateType === REVOCATION_PREDICATE) {
    const reason = `revoked ${predicate.issued} by ${predicate.approver}`;
    return { state: 'revoked', reason, statement, changes: [] };
  }
  if (closureDigest(statement) !== server.closure.digest) {
    const changes = changesSince(statement, server);
    return { state: 'drifted', reason: describe(changes), statement, changes };
  }
  if (predicate.expires !== null && Date.parse(predicate.expires) <= now.getTime()) {
    return { state: 'expired', reason: `approval expired ${predicate.expires}`, statement, changes: [] };
  }
  const reason = `approved ${predicate.issued} by ${predicate.approver}`;
  return { state: 'approved', reason, statement, changes: [] };
}

function describe(changes: readonly ArtefactChange[]): string {
  const [first] = changes;
  if (first === undefined) return 'the closure changed since it was approved';
  const more = changes.length > 1 ? ` and ${changes.length - 1} more` : '';
  return `${first.role} ${first.path} ${first.change} since it was approved${more}`;
}
