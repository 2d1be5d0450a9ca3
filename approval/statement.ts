import { z } from 'zod';
import { type Artefact, SCOPES, type Server } from '../wire/index.ts';
import { ApprovalError } from './errors.ts';

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const APPROVAL_PREDICATE = 'urn:sealwatch:approval:v1';
export const REVOCATION_PREDICATE = 'urn:sealwatch:revocation:v1';
/** Name of the subject that carries the closure digest. */
const CLOSURE_SUBJECT = 'closure';
const MAX_SUBJECTS = 20_000;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime();

/** Which server an approval is for, in terms that hold on every host: the config path is the portable one. */
const identitySchema = z.strictObject({
  client: z.string(),
  scope: z.enum(SCOPES),
  config: z.string(),
  name: z.string(),
});
export type ServerIdentity = z.infer<typeof identitySchema>;

const statementSchema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z
    .array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256 }) }))
    .min(1)
    .max(MAX_SUBJECTS),
  predicateType: z.enum([APPROVAL_PREDICATE, REVOCATION_PREDICATE]),
  predicate: z.strictObject({
    server: identitySchema,
    owner: z.string(),
    approver: z.string(),
    reason: z.string(),
    issued: time,
    expires: time.nullable(),
    /** Rises with every decision about the same server; the highest one counts. */
    serial: z.number().int().positive(),
    /** Artefacts that could not be resolved when it was approved, with the reason. */
    unresolved: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  }),
});
export type Statement = z.infer<typeof statementSchema>;

/** A server as the inventory knows it, before its state is known. */
export type Candidate = Omit<Server, 'state'>;

/** Name of an artefact as a subject of a statement: role and portable path. */
export function subjectName(artefact: Pick<Artefact, 'role' | 'portable_path'>): string {
  return `${artefact.role}:${artefact.portable_path}`;
}

export function identityOf(server: Candidate): ServerIdentity {
  const config = server.closure.artefacts.find((artefact) => artefact.role === 'config');
  return {
    client: server.client,
    scope: server.scope,
    config: config?.portable_path ?? server.config_path,
    name: server.name,
  };
}

export function sameIdentity(a: ServerIdentity, b: ServerIdentity): boolean {
  return a.client === b.client && a.scope === b.scope && a.config === b.config && a.name === b.name;
}

export interface Decision {
  readonly owner: string;
  readonly approver: string;
  readonly reason: string;
  readonly issued: string;
  readonly expires: string | null;
  readonly serial: number;
}

/** The statement that a server's closure, as it is now, may run (or, for a revocation, may not). */
export function composeStatement(
  predicateType: Statement['predicateType'],
  server: Candidate,
  decision: Decision,
): Statement {
  const { artefacts, digest } = server.closure;
  const subject = artefacts.flatMap((artefact) =>
    artefact.sha256 === null ? [] : [{ name: subjectName(artefact), digest: { sha256: artefact.sha256 } }],
  );
  const unresolved = artefacts
    .filter((artefact) => artefact.sha256 === null)
    .map((artefact) => ({ name: subjectName(artefact), reason: artefact.reason ?? '' }));
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: CLOSURE_SUBJECT, digest: { sha256: digest } }, ...subject],
    predicateType,
    predicate: { server: identityOf(server), ...decision, unresolved },
  };
}

/** The closure digest that a statement names. @throws {ApprovalError} where it names none or several */
export function closureDigest(statement: Statement): string {
  const closures = statement.subject.filter((subject) => subject.name === CLOSURE_SUBJECT);
  const [only] = closures;
  if (closures.length !== 1 || only === undefined) {
    throw new ApprovalError('APPROVAL_STATEMENT_INVALID', 'statement must name exactly one closure');
  }
  return only.digest.sha256;
}

/** Subjects of single artefacts, by name. */
export function artefactSubjects(statement: Statement): ReadonlyMap<string, string> {
  return new Map(
    statement.subject
      .filter((subject) => subject.name !== CLOSURE_SUBJECT)
      .map((subject) => [subject.name, subject.digest.sha256]),
  );
}

/** Parses the payload of a verified envelope. @throws {ApprovalError} */
export function parseStatement(payload: Uint8Array): Statement {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch (cause) {
    throw new ApprovalError('APPROVAL_STATEMENT_INVALID', 'payload is not JSON', { cause });
  }
  const parsed = statementSchema.safeParse(value);
  if (!parsed.success) {
    throw new ApprovalError(
      'APPROVAL_STATEMENT_INVALID',
      `not a sealwatch statement: ${z.prettifyError(parsed.error)}`,
    );
  }
  closureDigest(parsed.data);
  return parsed.data;
}
