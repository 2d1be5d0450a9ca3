import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Envelope, MAX_ENVELOPE_BYTES, parseEnvelope, verifyEnvelope } from '../envelope/dsse.ts';
import { ApprovalError } from '../errors.ts';
import type { Trust } from '../keys/trust-roots.ts';
import { parseStatement, type ServerIdentity, type Statement } from '../statement/statement.ts';
import { readBounded } from './bounded-file.ts';

const MAX_FILES = 10_000;
export const APPROVAL_SUFFIX = '.dsse.json';

/** Where a decision lies: in central's bundle, on this host, or beside a project. */
export const STORE_KINDS = ['bundle', 'host', 'project'] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

/** A decision whose signatures hold. */
export interface ValidApproval {
  readonly kind: 'valid';
  readonly store: StoreKind;
  readonly path: string;
  readonly statement: Statement;
  /** Ids of the trusted keys that signed it; at least one. */
  readonly signers: readonly string[];
}

/** A file that is none, with the reason. */
export interface InvalidApproval {
  readonly kind: 'invalid';
  readonly store: StoreKind;
  readonly path: string;
  /** Which server the file claims to be about; null where even that cannot be read. */
  readonly claims: ServerIdentity | null;
  readonly error: ApprovalError;
}

/** One file of a store. */
export type StoredApproval = ValidApproval | InvalidApproval;

/** Where the approvals of a project lie. */
export function projectApprovals(project: string): string {
  return join(project, '.sealwatch', 'approvals');
}

/** All approvals in a directory that must be readable where it is there. @throws {ApprovalError} */
export function readApprovals(directory: string, store: StoreKind, trust: Trust): readonly StoredApproval[] {
  return envelopeFiles(directory).map((path) => readApproval(path, store, trust));
}

/** The same for a project, which is not ours: what cannot be read there must not hide the rest of the host. */
export function readProjectApprovals(project: string, trust: Trust): readonly StoredApproval[] {
  const directory = projectApprovals(project);
  try {
    return readApprovals(directory, 'project', trust);
  } catch (error) {
    if (!(error instanceof ApprovalError)) throw error;
    return [{ kind: 'invalid', store: 'project', path: directory, claims: null, error }];
  }
}

/** Verifies one envelope and what it states; never throws for what is in it. */
export function verifyApproval(
  read: () => Envelope,
  at: { readonly store: StoreKind; readonly path: string },
  trust: Trust,
): StoredApproval {
  let envelope: Envelope | null = null;
  try {
    envelope = read();
    const { payload, signers } = verifyEnvelope(envelope, trust.keys);
    return { kind: 'valid', ...at, statement: parseStatement(payload), signers };
  } catch (cause) {
    const error =
      cause instanceof ApprovalError
        ? cause
        : new ApprovalError('APPROVAL_STORE_UNREADABLE', `${at.path} cannot be read`, { cause });
    return { kind: 'invalid', ...at, claims: envelope === null ? null : claimedIdentity(envelope), error };
  }
}

/** Reads an envelope from a file. @throws {ApprovalError}, or the system's error */
export function readEnvelope(path: string): Envelope {
  return parseEnvelope(readBounded(path, MAX_ENVELOPE_BYTES));
}

function readApproval(path: string, store: StoreKind, trust: Trust): StoredApproval {
  return verifyApproval(() => readEnvelope(path), { store, path }, trust);
}

function envelopeFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(APPROVAL_SUFFIX))
      .sort()
      .slice(0, MAX_FILES)
      .map((name) => join(directory, name));
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new ApprovalError('APPROVAL_STORE_UNREADABLE', `${directory} cannot be read`, { cause });
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
