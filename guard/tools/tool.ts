import { ApprovalError, MAX_NAME_LENGTH, toolDigest } from '../../approval/index.ts';
import { isObject } from '../session/message.ts';

/** Tools of one server that are known at a time. */
export const MAX_TOOLS = 2_000;

/** One tool as a server defines it (MCP 2025-11-25, Tool). */
export interface Tool {
  readonly name: string;
  /** `toolDigest` of the definition, as a policy names it. */
  readonly digest: string;
  /** The definition as the server gave it. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** Why an entry of a list of tools is none that can be decided on. */
export const TOOL_FAULTS = [
  /** No object. */
  'not_a_tool',
  /** No name, or one over 256 characters. */
  'name_unusable',
  /** Its definition is nested or long beyond limits. */
  'definition_too_large',
  /** The name stands in the answer before; which of the two a client takes is its own affair. */
  'duplicate',
  /** It comes after 2,000 tools. */
  'too_many',
] as const;

export interface ToolFault {
  readonly kind: (typeof TOOL_FAULTS)[number];
  /** Place in the list, from 0. */
  readonly index: number;
  /** The name as it stands there, to keep it from the client; null where it has none. */
  readonly name: string | null;
}

export interface ReadTools {
  readonly tools: readonly Tool[];
  /** Where the next page begins; null on the last one. */
  readonly nextCursor: string | null;
  readonly faults: readonly ToolFault[];
}

/**
 * The tools in the result of `tools/list`, in its order. Of a name that stands there several times each definition with a
 * digest of its own is given, so that none escapes comparison. It never throws.
 */
export function readTools(result: unknown): ReadTools {
  const { tools: listed, nextCursor } = isObject(result) ? result : {};
  const cursor = typeof nextCursor === 'string' && nextCursor !== '' ? nextCursor : null;
  const tools: Tool[] = [];
  const faults: ToolFault[] = [];
  const digests = new Map<string, Set<string>>();
  for (const [index, entry] of (Array.isArray(listed) ? listed : []).entries()) {
    const tool = tools.length < MAX_TOOLS ? readTool(entry) : 'too_many';
    if (typeof tool === 'string') {
      faults.push({ kind: tool, index, name: nameOf(entry) });
      continue;
    }
    const known = digests.get(tool.name);
    if (known !== undefined) faults.push({ kind: 'duplicate', index, name: tool.name });
    if (known?.has(tool.digest) === true) continue;
    digests.set(tool.name, (known ?? new Set()).add(tool.digest));
    tools.push(tool);
  }
  return { tools, nextCursor: cursor, faults };
}

function readTool(entry: unknown): Tool | ToolFault['kind'] {
  if (!isObject(entry)) return 'not_a_tool';
  const name = nameOf(entry);
  if (name === null || name === '' || name.length > MAX_NAME_LENGTH) return 'name_unusable';
  try {
    return { name, digest: toolDigest(entry), definition: entry };
  } catch (error) {
    if (error instanceof ApprovalError) return 'definition_too_large';
    throw error;
  }
}

function nameOf(entry: unknown): string | null {
  return isObject(entry) && typeof entry['name'] === 'string' ? entry['name'] : null;
}
