import { join } from 'node:path';

import { addSignature, type Envelope, envelopeText, signEnvelope } from '../envelope/dsse.ts';
import { ApprovalError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import type { Trust } from '../keys/trust-roots.ts';
import type { Policy } from '../policy/policy.ts';
import { refuseUnaccepted } from '../statement/acceptance.ts';
import type { Contexts } from '../statement/contexts.ts';
import {
  APPROVAL_PREDICATE,
  type Candidate,
  closureDigest,
  composeStatement,
  encodeStatement,
  identityOf,
  REVOCATION_PREDICATE,
  type ServerIdentity,
  type Statement,
  sameEntry,
} from '../statement/statement.ts';
import { concernOf } from '../verdict/concern.ts';
import {
  APPROVAL_SUFFIX,
  projectApprovals,
  readApprovals,
  readEnvelope,
  readProjectApprovals,
  type StoredApproval,
  type ValidApproval,
} from './approval-files.ts';
import { readBundle } from './bundle.ts';
import { writeDurably } from './durable-file.ts';
import { Marks } from './marks.ts';

/** What a person decided about a server. */
export interface ApprovalRequest {
  readonly owner: string;
  readonly approver: string;
  readonly reason: string;
  readonly expires: Date | null;
  readonly now: Date;
  readonly contexts: Contexts;
  /** Ids of findings that the approver accepts although production asks otherwise. */
  readonly accepted: readonly string[];
  readonly policy: Policy | null;
  readonly signer: Signer;
  /** The project beside which it is kept; null keeps it on the host. */
  readonly project: string | null;
  /** The decisions known about it, wherever they lie: the new one must outrank them. */
  readonly known: readonly StoredApproval[];
}

/** A decision as it was signed and where it lies. */
export interface SignedDecision {
  readonly statement: Statement;
  readonly path: string;
}

/** Approvals under a state directory, those of the installed bundle, and those that lie beside projects. */
export class ApprovalStore {
  readonly marks: Marks;
  readonly #stateDir: string;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
    this.marks = new Marks(stateDir);
  }

  /** Directory of the host's own approvals; it may not exist yet. */
  get directory(): string {
    return join(this.#stateDir, 'approvals');
  }

  /** Reads and verifies every approval of the bundle, the host and the given projects. @throws {ApprovalError} */
  load(projects: readonly string[], trust: Trust): readonly StoredApproval[] {
    this.marks.refresh();
    return [
      ...readBundle(this.#stateDir, trust, this.marks),
      ...readApprovals(this.directory, 'host', trust),
      ...projects.flatMap((project) => readProjectApprovals(project, trust)),
    ];
  }

  /** Only what lies beside projects, as a fresh checkout has it. */
  loadCommitted(projects: readonly string[], trust: Trust): readonly StoredApproval[] {
    return projects.flatMap((project) => readProjectApprovals(project, trust));
  }

  /** Signs that this closure may run. @throws {ApprovalError} */
  async approve(server: Candidate, request: ApprovalRequest): Promise<SignedDecision> {
    refuseUnaccepted(server, request.contexts, request.accepted);
    return this.#sign(APPROVAL_PREDICATE, server, request);
  }

  /** Signs that this server may no longer run, whatever was approved before. @throws {ApprovalError} */
  async revoke(server: Candidate, request: ApprovalRequest): Promise<SignedDecision> {
    return this.#sign(REVOCATION_PREDICATE, server, {
      ...request,
      expires: null,
      policy: null,
      accepted: [],
    });
  }

  /** The approval of this server with the highest serial, whatever it lacks; null where there is none. */
  newest(server: Candidate, stored: readonly StoredApproval[]): ValidApproval | null {
    const own = stored.filter(
      (entry): entry is ValidApproval =>
        entry.kind === 'valid' &&
        entry.statement.predicateType === APPROVAL_PREDICATE &&
        concernOf(entry, server) === 'own',
    );
    const bySerial = own.sort((a, b) => b.statement.predicate.serial - a.statement.predicate.serial);
    return bySerial[0] ?? null;
  }

  /** Adds a signature to an approval that covers the server as it is now. @throws {ApprovalError} */
  async cosign(server: Candidate, approval: ValidApproval, signer: Signer): Promise<SignedDecision> {
    const { statement, path, store } = approval;
    if (store === 'bundle' || closureDigest(statement) !== server.closure.digest) {
      const why =
        store === 'bundle' ? 'it came with a bundle' : 'the closure is not the one that was approved';
      throw new ApprovalError('APPROVAL_NOTHING_TO_SIGN', `${path} cannot be signed: ${why}`);
    }
    write(path, await addSignature(readEnvelope(path), signer));
    return { statement, path };
  }

  async #sign(
    predicateType: Statement['predicateType'],
    server: Candidate,
    request: ApprovalRequest,
  ): Promise<SignedDecision> {
    const { owner, approver, reason, contexts, accepted, policy, signer, project } = request;
    const serial = 1 + highestSerial(request.known, identityOf(server), this.marks);
    const statement = composeStatement(predicateType, server, {
      owner,
      approver,
      reason,
      issued: request.now.toISOString(),
      expires: request.expires?.toISOString() ?? null,
      serial,
      contexts,
      accepted,
      policy,
      anywhere: project !== null,
    });
    const envelope = await signEnvelope(encodeStatement(statement), signer);
    const directory = project === null ? this.directory : projectApprovals(project);
    const path = join(directory, `${fileStem(server)}-${String(serial).padStart(6, '0')}${APPROVAL_SUFFIX}`);
    write(path, envelope);
    return { statement, path };
  }
}

function write(path: string, envelope: Envelope): void {
  writeDurably(path, envelopeText(envelope), 0o644);
}

function fileStem(server: Candidate): string {
  const name = server.name.replaceAll(/[^A-Za-z0-9._-]+/g, '_').slice(0, 64);
  return `${server.client}-${name}-${server.id.slice(0, 8)}`;
}

function highestSerial(stored: readonly StoredApproval[], identity: ServerIdentity, marks: Marks): number {
  let highest = marks.highestOf(identity);
  for (const entry of stored) {
    if (entry.kind === 'valid' && sameEntry(entry.statement.predicate.server, identity)) {
      highest = Math.max(highest, entry.statement.predicate.serial);
    }
  }
  return highest;
}
