import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { ApprovalError } from '../errors.ts';
import { cedarFaults } from './cedar.ts';
import { fleetPolicySchema, normalisePolicy, type Policy, policySchema } from './policy.ts';

/** UTF-16 code units of a policy as a person writes it. */
export const MAX_POLICY_CHARS = 1024 * 1024;
const MAX_POLICY_ALIASES = 100;
const MAX_FAULTS = 50;

/** What is wrong in a policy file. */
export interface PolicyFault {
  readonly line: number;
  readonly column: number;
  readonly code: 'APPROVAL_POLICY_INVALID' | 'APPROVAL_CEDAR_INVALID';
  readonly message: string;
}

export type ReadPolicy =
  | { readonly kind: 'policy'; readonly policy: Policy }
  | { readonly kind: 'refused'; readonly faults: readonly PolicyFault[] };

/** What a person may leave out of a policy: nothing is limited by what is not named, shells alone are refused. */
const DEFAULTS = {
  tools: null,
  executables: null,
  shells: false,
  destinations: null,
  writable_paths: null,
} as const;

/**
 * Reads a policy from YAML 1.2 or JSON text and finds all its faults at once; Cedar in it is validated.
 * @throws {ApprovalError} `APPROVAL_CEDAR_UNAVAILABLE`
 */
export function readPolicy(text: string): Promise<ReadPolicy> {
  return readBy(policySchema, text);
}

/**
 * The same for a policy that all servers of a fleet are held to beside that of their approvals.
 * @throws {ApprovalError} with all its faults, or `APPROVAL_CEDAR_UNAVAILABLE`
 */
export async function readFleetPolicy(text: string, path = 'policy'): Promise<Policy> {
  const read = await readBy(fleetPolicySchema, text);
  if (read.kind === 'refused') throw policyInvalid(path, read.faults);
  return read.policy;
}

async function readBy(schema: z.ZodType<Policy>, text: string): Promise<ReadPolicy> {
  if (text.length > MAX_POLICY_CHARS)
    return refused([invalid(1, 1, `longer than ${MAX_POLICY_CHARS} characters`)]);
  const lines = new LineCounter();
  const document = parseText(text, lines);
  if (document instanceof Error) return refused([invalid(1, 1, document.message)]);
  // What comes after the first mistake of syntax only follows from it.
  const [mistake] = document.errors;
  if (mistake !== undefined) {
    const { line, col } = lines.linePos(mistake.pos[0]);
    return refused([invalid(line, col, mistake.message)]);
  }
  const value = plainValue(document);
  if (value instanceof Error) return refused([invalid(1, 1, value.message)]);
  const named = typeof value === 'object' && value !== null && !Array.isArray(value);
  const parsed = schema.safeParse(named ? { ...DEFAULTS, ...value } : value);
  if (!parsed.success) return refused(parsed.error.issues.map((issue) => faultAt(issue, document, lines)));
  const { cedar } = parsed.data;
  const faults = cedar === undefined ? [] : await cedarFaults(cedar);
  if (faults.length === 0) return { kind: 'policy', policy: normalisePolicy(parsed.data) };
  return refused(
    faults.map(({ line, column, message }) => {
      const { line: start, col } = positionOf(['cedar'], document, lines);
      return {
        line: start,
        column: col,
        code: 'APPROVAL_CEDAR_INVALID',
        message: `cedar, line ${line}, column ${column}: ${message}`,
      };
    }),
  );
}

function parseText(text: string, lineCounter: LineCounter): Document | Error {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function plainValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_POLICY_ALIASES });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function refused(faults: readonly PolicyFault[]): ReadPolicy {
  return { kind: 'refused', faults: faults.slice(0, MAX_FAULTS) };
}

function invalid(line: number, column: number, message: string): PolicyFault {
  return { line, column, code: 'APPROVAL_POLICY_INVALID', message };
}

function faultAt(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): PolicyFault {
  const extra = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const { line, col } = positionOf([...issue.path, ...extra], document, lines);
  return invalid(line, col, `${z.core.toDotPath(issue.path) || 'policy'}: ${issue.message}`);
}

/** Where the value at a path stands; of the nearest one above it where there is none. */
function positionOf(
  path: readonly PropertyKey[],
  document: Document,
  lines: LineCounter,
): { readonly line: number; readonly col: number } {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    if (offset !== undefined) return lines.linePos(offset);
  }
  return { line: 1, col: 1 };
}

/** A policy that cannot be taken, as one error. */
export function policyInvalid(path: string, faults: readonly PolicyFault[]): ApprovalError {
  const [first] = faults;
  const lines = faults.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
  return new ApprovalError(first?.code ?? 'APPROVAL_POLICY_INVALID', lines.join('\n'), {
    hint: 'docs/policy.md describes the format',
  });
}
