import type * as CedarModule from '@cedar-policy/cedar-wasm/nodejs';
import { sha256Hex } from '../../inventory/index.ts';
import { ApprovalError } from '../errors.ts';
import { CEDAR_SCHEMA } from './cedar-schema.ts';
import { ALLOW, deny, type PolicyDecision } from './denial.ts';
import { MAX_CEDAR_LENGTH } from './policy.ts';

type Cedar = typeof CedarModule;

const SCHEMA_NAME = 'sealwatch';
const MAX_FAULTS = 20;

/** Where and why a Cedar policy cannot be taken. */
export interface CedarFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A value as Cedar's JSON format has it. */
export type CedarValue =
  | string
  | number
  | boolean
  | readonly CedarValue[]
  | { readonly [key: string]: CedarValue };

export interface CedarEntity {
  readonly type: string;
  readonly id: string;
  readonly attributes?: Readonly<Record<string, CedarValue>>;
  readonly tags?: Readonly<Record<string, CedarValue>>;
}

export interface CedarRequest {
  readonly action:
    | 'callTool'
    | 'startProgram'
    | 'connect'
    | 'writeFile'
    | 'getPrompt'
    | 'readResource'
    | 'askClient';
  readonly principal: CedarEntity;
  readonly resource: CedarEntity;
  /** Entities that the context refers to. */
  readonly others: readonly CedarEntity[];
  readonly context: Readonly<Record<string, CedarValue>>;
}

/** Loads Cedar (4 MiB of WebAssembly), which most approvals do not need. */
async function loadCedar(): Promise<Cedar> {
  try {
    return await import('@cedar-policy/cedar-wasm/nodejs');
  } catch (cause) {
    throw new ApprovalError('APPROVAL_CEDAR_UNAVAILABLE', 'the engine for Cedar policies cannot be loaded', {
      cause,
      hint: 'the installation lacks @cedar-policy/cedar-wasm',
    });
  }
}

/**
 * Parses Cedar policies and validates them strictly against the schema.
 * @throws {ApprovalError} `APPROVAL_CEDAR_UNAVAILABLE`
 */
export async function cedarFaults(text: string): Promise<readonly CedarFault[]> {
  if (text.length > MAX_CEDAR_LENGTH) {
    return [{ line: 1, column: 1, message: `longer than ${MAX_CEDAR_LENGTH} characters` }];
  }
  const cedar = await loadCedar();
  const answer = cedar.validate({
    schema: CEDAR_SCHEMA,
    policies: { staticPolicies: text },
    validationSettings: { mode: 'strict' },
  });
  const errors =
    answer.type === 'failure' ? answer.errors : answer.validationErrors.map(({ error }) => error);
  const faults = errors.map((error) => faultOf(error, text));
  // One mistake is told once for each kind of request that it concerns.
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()].slice(0, MAX_FAULTS);
}

function faultOf({ message, help, sourceLocations }: CedarModule.DetailedError, text: string): CedarFault {
  const [place] = sourceLocations ?? [];
  // Cedar counts bytes of UTF-8.
  const before = Buffer.from(text)
    .subarray(0, place?.start ?? 0)
    .toString('utf8')
    .split('\n');
  const expected = place?.label ?? help;
  return {
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    message: expected === null || expected === undefined ? message : `${message} (${expected})`,
  };
}

/** The Cedar policies of one approval, ready to be asked. */
export class CedarPolicies {
  readonly #cedar: Cedar;
  readonly #id: string;

  private constructor(cedar: Cedar, id: string) {
    this.#cedar = cedar;
    this.#id = id;
  }

  /**
   * Loads policies that are to be asked many times.
   * @throws {ApprovalError} `APPROVAL_CEDAR_UNAVAILABLE`, `APPROVAL_CEDAR_INVALID`
   */
  static async load(text: string): Promise<CedarPolicies> {
    const [fault] = await cedarFaults(text);
    if (fault !== undefined) throw cedarInvalid(fault);
    const cedar = await loadCedar();
    const id = sha256Hex(text);
    cedar.preparseSchema(SCHEMA_NAME, CEDAR_SCHEMA);
    cedar.preparsePolicySet(id, { staticPolicies: text });
    return new CedarPolicies(cedar, id);
  }

  /** Asks about one request. What cannot be evaluated is denied, even where another policy permits it. */
  decide(request: CedarRequest): PolicyDecision {
    const answer = this.#ask(request);
    if (answer instanceof Error) return deny('DENIED_CEDAR_FAILED', `Cedar failed: ${answer.message}`);
    if (answer.type === 'failure')
      return deny('DENIED_CEDAR_FAILED', `Cedar does not take it: ${answer.errors[0]?.message ?? ''}`);
    const { decision, diagnostics } = answer.response;
    const [error] = diagnostics.errors;
    // Cedar skips a policy that fails, a forbidding one, too.
    if (error !== undefined) return deny('DENIED_CEDAR_FAILED', `${error.policyId}: ${error.error.message}`);
    if (decision === 'allow') return ALLOW;
    const { reason } = diagnostics;
    return deny(
      'DENIED_BY_CEDAR',
      reason.length === 0 ? 'no policy permits it' : `forbidden by ${reason.join(', ')}`,
    );
  }

  #ask({
    action,
    principal,
    resource,
    others,
    context,
  }: CedarRequest): CedarModule.AuthorizationAnswer | Error {
    try {
      return this.#cedar.statefulIsAuthorized({
        principal: uid(principal),
        action: { type: 'Sealwatch::Action', id: action },
        resource: uid(resource),
        context: copied(context),
        preparsedSchemaName: SCHEMA_NAME,
        validateRequest: true,
        preparsedPolicySetId: this.#id,
        entities: [principal, resource, ...others].map(entityJson),
      });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

export function cedarInvalid({ line, column, message }: CedarFault): ApprovalError {
  return new ApprovalError(
    'APPROVAL_CEDAR_INVALID',
    `Cedar policy, line ${line}, column ${column}: ${message}`,
    {
      hint: '`sealwatch policy schema` shows what policies may speak of',
    },
  );
}

/** A reference to an entity inside a context. */
export function reference(entity: CedarEntity): CedarValue {
  return { __entity: { ...uid(entity) } };
}

/** A point in time as Cedar's `datetime`. */
export function datetime(time: Date): CedarValue {
  return { __extn: { fn: 'datetime', arg: time.toISOString() } };
}

function uid({ type, id }: CedarEntity): { type: string; id: string } {
  return { type: `Sealwatch::${type}`, id };
}

function entityJson(entity: CedarEntity): CedarModule.EntityJson {
  const { attributes = {}, tags = {} } = entity;
  return { uid: uid(entity), attrs: copied(attributes), parents: [], tags: copied(tags) };
}

/** Cedar's own types ask for mutable values. */
function copied(values: Readonly<Record<string, CedarValue>>): Record<string, CedarModule.CedarValueJson> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, plain(value)]));
}

function plain(value: CedarValue): CedarModule.CedarValueJson {
  if (typeof value !== 'object') return value;
  if (isList(value)) return value.map(plain);
  return copied(value);
}

function isList(value: CedarValue): value is readonly CedarValue[] {
  return Array.isArray(value);
}
