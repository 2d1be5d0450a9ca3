import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Envelope, MAX_ENVELOPE_BYTES, parseEnvelope, signEnvelope, verifyEnvelope } from './dsse.ts';
import { ApprovalError } from './errors.ts';
import { loadTrustRoots, openSigningKey, type TrustRoot } from './key.ts';
import {
  APPROVAL_PREDICATE,
  type Candidate,
  composeStatement,
  identityOf,
  parseStatement,
  REVOCATION_PREDICATE,
  type ServerIdentity,
  type Statement,
  sameIdentity,
} from './statement.ts';

const MAX_FILES = 10_000;
const SUFFIX = '.dsse.json';

/** One file of a store: a verified statement, or the reason why it is none. */
export type StoredApproval =
  | { readonly kind: 'valid'; readonly path: string; readonly statement: Statement; readonly signer: string }
  | {
      readonly kind: 'invalid';
      readonly path: string;
      /** Which server the file claims to be about; null where even that cannot be read. */
      readonly claims: ServerIdentity | null;
      readonly error: ApprovalError;
    };

/** What a person decided about a server. */
export interface ApprovalRequest {
  readonly owner: string;
  readonly approver: string;
  readonly reason: string;
  readonly expires: Date | null;
  readonly now: Date;
  /** The decision that counted so far, wherever it lay: the new one must outrank it. */
  readonly supersedes?: Statement | null;
}

/** Approvals under a state directory, and those that lie beside projects. */
export class ApprovalStore {
  readonly #stateDir: string;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** Directory of the host's own approvals; it may not exist yet. */
  get directory(): string {
    return join(this.#stateDir, 'approvals');
  }

  /** Reads and verifies every approval of the host and of the given projects. @throws {ApprovalError} on trust roots */
  load(projects: readonly string[] = []): readonly StoredApproval[] {
    const roots = loadTrustRoots(this.#stateDir);
    const own = envelopeFiles(this.directory).map((path) => readApproval(path, roots));
    const others = projects.map((path) => join(path, '.sealwatch', 'approvals'));
    return [...own, ...others.flatMap((directory) => readProject(directory, roots))];
  }

  /** Signs that this closure may run. @throws {ApprovalError} */
  approve(server: Candidate, request: ApprovalRequest): Statement {
    return this.#sign(APPROVAL_PREDICATE, server, request);
  }

  /** Signs that this server may no longer run, whatever was approved before. @throws {ApprovalError} */
  revoke(server: Candidate, request: ApprovalRequest): Statement {
    return this.#sign(REVOCATION_PREDICATE, server, request);
  }

  #sign(predicateType: Statement['predicateType'], server: Candidate, request: ApprovalRequest): Statement {
    const key = openSigningKey(this.#stateDir);
    const before = request.supersedes?.predicate.serial ?? 0;
    const serial = 1 + Math.max(before, highestSerial(this.load(), identityOf(server)));
    const statement = composeStatement(predicateType, server, {
      owner: request.owner,
      approver: request.approver,
      reason: request.reason,
      issued: request.now.toISOString(),
      expires: request.expires?.toISOString() ?? null,
      serial,
    });
    const envelope = signEnvelope(Buffer.from(JSON.stringify(statement)), key);
    this.#write(`${fileStem(server)}-${String(serial).padStart(6, '0')}${SUFFIX}`, envelope);
    return statement;
  }

  #write(name: string, envelope: Envelope): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o755 });
    const path = join(this.directory, name);
    const temporary = `${path}.${process.pid}.tmp`;
    const file = openSync(temporary, 'w', 0o644);
    try {
      writeSync(file, `${JSON.stringify(envelope, null, 1)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  }
}

function fileStem(server: Candidate): string {
  const name = server.name.replaceAll(/[^A-Za-z0-9._-]+/g, '_').slice(0, 64);
  return `${server.client}-${name}-${server.id.slice(0, 8)}`;
}

function highestSerial(stored: readonly StoredApproval[], identity: ServerIdentity): number {
  let highest = 0;
  for (const entry of stored) {
    if (entry.kind === 'valid' && sameIdentity(entry.statement.predicate.server, identity)) {
      highest = Math.max(highest, entry.statement.predicate.serial);
    }
  }
  return highest;
}

function envelopeFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(SUFFIX))
      .sort()
      .slice(0, MAX_FILES)
      .map((name) => join(directory, name));
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new ApprovalError('APPROVAL_STORE_UNREADABLE', `${directory} cannot be read`, { cause });
  }
}

/** A project is not ours: what cannot be read there must not keep the rest of the host from being judged. */
function readProject(directory: string, roots: readonly TrustRoot[]): readonly StoredApproval[] {
  try {
    return envelopeFiles(directory).map((path) => readApproval(path, roots));
  } catch (error) {
    if (!(error instanceof ApprovalError)) throw error;
    return [{ kind: 'invalid', path: directory, claims: null, error }];
  }
}

/** Text of an envelope file. A device or kernel file behind a link neither blocks nor runs without end. */
function readEnvelope(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new ApprovalError('APPROVAL_ENVELOPE_INVALID', `${path} is not a file`);
    const buffer = Buffer.alloc(Math.min(stat.size, MAX_ENVELOPE_BYTES) + 1);
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    }
    if (length > MAX_ENVELOPE_BYTES) {
      throw new ApprovalError('APPROVAL_TOO_LARGE', `${path} is over ${MAX_ENVELOPE_BYTES} bytes`);
    }
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}

function readApproval(path: string, roots: readonly TrustRoot[]): StoredApproval {
  let envelope: Envelope | null = null;
  try {
    envelope = parseEnvelope(readEnvelope(path));
    const { payload, signer } = verifyEnvelope(envelope, roots);
    return { kind: 'valid', path, statement: parseStatement(payload), signer };
  } catch (cause) {
    const error =
      cause instanceof ApprovalError
        ? cause
        : new ApprovalError('APPROVAL_STORE_UNREADABLE', `${path} cannot be read`, { cause });
    return { kind: 'invalid', path, claims: envelope === null ? null : claimedIdentity(envelope), error };
  }
}

/** Whom an envelope that failed to verify says it is about: used to name it in a report, for nothing else. */
function claimedIdentity(envelope: Envelope): ServerIdentity | null {
  try {
    return parseStatement(Buffer.from(envelope.payload, 'base64')).predicate.server;
  } catch {
    return null;
  }
}
