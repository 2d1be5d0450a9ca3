import { join } from 'node:path';
import {
  type Candidate,
  closureDigest,
  identityOf,
  REVOCATION_PREDICATE,
  sameEntry,
} from '../statement/statement.ts';
import type { StoredApproval, ValidApproval } from '../store/approval-files.ts';
import { projectApprovals } from '../store/approval-files.ts';

/**
 * How a decision relates to a server. Two projects may have the same entry in the same file: a decision that
 * names its project is about that one; one that names none is about the project that it lies beside. Wherever
 * a project lies on a host, a bundle's decision, or one that names none, is about it where its closure is
 * exactly the one stated.
 *
 * - `own`: it is a decision about this server.
 * - `alike`: it is about the same entry of another project, or of an earlier state of this one.
 * - `none`: it is about something else.
 */
export type Concern = 'own' | 'alike' | 'none';

export function concernOf(entry: ValidApproval, server: Candidate): Concern {
  const { predicate, predicateType } = entry.statement;
  if (!sameEntry(predicate.server, identityOf(server))) return 'none';
  const { project = null } = predicate.server;
  if (project !== null) {
    if (project === identityOf(server).project) return 'own';
    if (entry.store !== 'bundle') return 'none';
  } else if (server.project === null || predicateType === REVOCATION_PREDICATE || liesBeside(entry, server))
    return 'own';
  return closureDigest(entry.statement) === server.closure.digest ? 'own' : 'alike';
}

/** Whether a file that does not verify claims to be about this server. */
export function claimsToConcern(entry: StoredApproval, server: Candidate): boolean {
  if (entry.kind !== 'invalid' || entry.claims === null) return false;
  const identity = identityOf(server);
  if (!sameEntry(entry.claims, identity)) return false;
  const { project = null } = entry.claims;
  return project === null
    ? server.project === null || liesBeside(entry, server)
    : project === identity.project;
}

function liesBeside({ store, path }: StoredApproval, { project }: Candidate): boolean {
  return store === 'project' && project !== null && path.startsWith(join(projectApprovals(project), '/'));
}
