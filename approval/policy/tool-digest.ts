import { canonicalJson, sha256Hex } from '../../inventory/index.ts';
import { ApprovalError } from '../errors.ts';
import { MAX_JSON_DEPTH } from './pointer.ts';

const MAX_VALUES = 100_000;
const MAX_CHARACTERS = 4 * 1024 * 1024;

/**
 * What of a tool's definition a model or a client acts on (MCP 2025-11-25, Tool). `_meta`, `icons` and
 * `execution` are left out: they change what is shown or how long it takes, not what is asked for or allowed.
 */
const BOUND_MEMBERS = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations'] as const;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * SHA-256 (hexadecimal) over the canonical JSON (RFC 8785) of the members of a tool's definition that decide
 * what it does. Members that are absent are left out.
 * @throws {ApprovalError} `APPROVAL_TOOL_INVALID` for what is no definition, nested over 64 levels or too large
 */
export function toolDigest(definition: unknown): string {
  if (typeof definition !== 'object' || definition === null) throw invalid('a tool is an object');
  const bound: { [key: string]: Json } = {};
  for (const member of BOUND_MEMBERS) {
    const value: unknown = Object.hasOwn(definition, member) ? Reflect.get(definition, member) : undefined;
    if (value !== undefined) bound[member] = checked(value, { values: 0, characters: 0 }, 0);
  }
  if (typeof bound['name'] !== 'string' || bound['name'] === '') throw invalid('a tool has a name');
  return sha256Hex(canonicalJson(bound));
}

/** The value itself, once it is known to be JSON within the limits. */
function checked(value: unknown, spent: { values: number; characters: number }, depth: number): Json {
  spent.values += 1;
  if (spent.values > MAX_VALUES || depth > MAX_JSON_DEPTH)
    throw invalid('its definition is nested or long beyond limits');
  if (typeof value === 'string') {
    spent.characters += value.length;
    if (spent.characters > MAX_CHARACTERS)
      throw invalid(`its definition is longer than ${MAX_CHARACTERS} characters`);
    return value;
  }
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item) => checked(item, spent, depth + 1));
  if (typeof value !== 'object') throw invalid('its definition is not JSON');
  const entries = Object.entries(value).map(([key, child]) => {
    spent.characters += key.length;
    return [key, checked(child, spent, depth + 1)] as const;
  });
  return Object.fromEntries(entries);
}

function invalid(message: string): ApprovalError {
  return new ApprovalError('APPROVAL_TOOL_INVALID', `not a tool of MCP: ${message}`);
}
