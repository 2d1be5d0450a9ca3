import { isUtf8 } from 'node:buffer';
import * as z from 'zod';
import { canonicalJson, isCanonicalJson } from '../../inventory/index.ts';
import { SCOPES, type Server } from '../../wire/index.ts';
import { ApprovalError } from '../errors.ts';
import { normalisePolicy, type Policy, policySchema } from '../policy/policy.ts';
import { type Contexts, contextsSchema, normaliseContexts } from './contexts.ts';
import { CLOSURE_SUBJECT, checkSubjects, subjectsOf, unresolvedOf } from './subjects.ts';

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const APPROVAL_PREDICATE = 'urn:sealwatch:approval:v1';
export const REVOCATION_PREDICATE = 'urn:sealwatch:revocation:v1';
const MAX_SUBJECTS = 20_000;
const MAX_ACCEPTED = 256;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime();
const text = z.string().max(4_096);

/** Which server an approval is for, in terms that hold on every host: paths are portable ones. */
const identitySchema = z.strictObject({
  client: text,
  scope: z.enum(SCOPES),
  config: text,
  name: text,
  /** The project that the entry belongs to; null or absent where it has none, or where any place of it will do. */
  project: text.nullable().exactOptional(),
});
export type ServerIdentity = z.infer<typeof identitySchema>;

const statementSchema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z
    .array(z.strictObject({ name: text, digest: z.strictObject({ sha256 }) }))
    .min(1)
    .max(MAX_SUBJECTS),
  predicateType: z.enum([APPROVAL_PREDICATE, REVOCATION_PREDICATE]),
  predicate: z.strictObject({
    server: identitySchema,
    owner: text,
    approver: text,
    reason: text,
    issued: time,
    expires: time.nullable(),
    /** Rises with every decision about the same server; the highest one counts. */
    serial: z.number().int().positive(),
    contexts: contextsSchema,
    /** Ids of the findings that the approver saw and accepted. */
    accepted: z.array(z.string().max(128)).max(MAX_ACCEPTED),
    /** What the server may do while it runs; null where nothing was said. */
    policy: policySchema.nullable(),
    /** Artefacts that could not be resolved when it was approved, with the reason. */
    unresolved: z.array(z.strictObject({ name: text, reason: text })).max(MAX_SUBJECTS),
  }),
});
export type Statement = z.infer<typeof statementSchema>;

/** A server as the inventory knows it, before its state is known. */
export type Candidate = Omit<Server, 'state'>;

export function identityOf(server: Candidate): ServerIdentity {
  const config = server.closure.artefacts.find((artefact) => artefact.role === 'config');
  return {
    client: server.client,
    scope: server.scope,
    config: config?.portable_path ?? server.config_path,
    name: server.name,
    ...(server.portable_project == null ? {} : { project: server.portable_project }),
  };
}

/** Whether two identities name the same entry, whatever project it lies in. */
export function sameEntry(a: ServerIdentity, b: ServerIdentity): boolean {
  return a.client === b.client && a.scope === b.scope && a.config === b.config && a.name === b.name;
}

export interface Decision {
  readonly owner: string;
  readonly approver: string;
  readonly reason: string;
  readonly issued: string;
  readonly expires: string | null;
  readonly serial: number;
  readonly contexts: Contexts;
  readonly accepted: readonly string[];
  readonly policy: Policy | null;
  /** Whether it is to hold wherever the project lies, since it is kept beside it. */
  readonly anywhere: boolean;
}

/**
 * The statement that a server's closure, as it is now, may run (or, for a revocation, may not).
 * @throws {ApprovalError} for a closure with names that nobody should sign
 */
export function composeStatement(
  predicateType: Statement['predicateType'],
  server: Candidate,
  decision: Decision,
): Statement {
  const { artefacts, digest } = server.closure;
  const { anywhere, ...told } = decision;
  const identity = identityOf(server);
  const subject = subjectsOf(digest, artefacts);
  const unresolved = unresolvedOf(artefacts);
  checkSubjects(subject, unresolved);
  const statement = {
    _type: STATEMENT_TYPE,
    subject,
    predicateType,
    predicate: {
      server: anywhere ? { ...identity, project: null } : identity,
      ...told,
      contexts: normaliseContexts(decision.contexts),
      accepted: [...new Set(decision.accepted)].sort(),
      policy: decision.policy === null ? null : normalisePolicy(decision.policy),
      unresolved,
    },
  };
  const parsed = statementSchema.safeParse(statement);
  if (!parsed.success) throw invalid(`it cannot be stated: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** A statement as it is signed: canonical JSON (RFC 8785). */
export function encodeStatement(statement: Statement): Buffer {
  return Buffer.from(canonicalJson(statement));
}

/** The closure digest that a statement names. */
export function closureDigest(statement: Statement): string {
  return statement.subject[0]?.digest.sha256 ?? '';
}

/** Subjects of single artefacts, by name. */
export function artefactSubjects(statement: Statement): ReadonlyMap<string, string> {
  return new Map(
    statement.subject
      .filter((subject) => subject.name !== CLOSURE_SUBJECT)
      .map((subject) => [subject.name, subject.digest.sha256]),
  );
}

/**
 * Parses the payload of a verified envelope. It must be canonical JSON, so that no two readers can see two
 * things in it.
 * @throws {ApprovalError}
 */
export function parseStatement(payload: Uint8Array): Statement {
  const bytes = Buffer.from(payload);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new ApprovalError('APPROVAL_STATEMENT_INVALID', 'payload is not JSON', { cause });
  }
  const parsed = statementSchema.safeParse(value);
  if (!parsed.success) throw invalid(`not a sealwatch statement: ${z.prettifyError(parsed.error)}`);
  const statement = parsed.data;
  if (!isCanonical(bytes, value) && !encodeStatement(statement).equals(bytes)) {
    throw new ApprovalError('APPROVAL_STATEMENT_NOT_CANONICAL', 'payload is not canonical JSON (RFC 8785)');
  }
  checkSubjects(statement.subject, statement.predicate.unresolved);
  return statement;
}

/** Bytes that are no UTF-8 are read as other characters, and must not pass for those. */
function isCanonical(bytes: Buffer, value: unknown): boolean {
  return isUtf8(bytes) && isCanonicalJson(bytes.toString('utf8'), value);
}

function invalid(message: string): ApprovalError {
  return new ApprovalError('APPROVAL_STATEMENT_INVALID', message);
}
