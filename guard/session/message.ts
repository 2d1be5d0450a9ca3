import { type FoundKey, TopLevelKeys } from '../frames/top-level-keys.ts';

export type RequestId = string | number;

/** A JSON-RPC message of MCP (2025-11-25, "Messages"), as far as the guard looks at it. */
export type Message =
  | {
      readonly kind: 'request';
      readonly id: RequestId;
      readonly method: string;
      readonly params: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'notification';
      readonly method: string;
      readonly params: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'response';
      readonly id: RequestId | null;
      readonly result: unknown;
      readonly failed: boolean;
      readonly value: Readonly<Record<string, unknown>>;
    };

/** Why bytes are no message that two readers would understand alike. */
export const FRAME_FAULTS = [
  'not_json',
  'not_a_message',
  'duplicate_key',
  'key_by_case',
  'batch',
  'too_long',
  'line_break',
] as const;
export type FrameFault = (typeof FRAME_FAULTS)[number];

export type ReadMessage =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'blank' }
  | { readonly kind: 'fault'; readonly fault: FrameFault; readonly id: RequestId | null };

/** Keys that decide what a message asks for; some readers take them in any case (Go's encoding/json). */
const DECIDING: ReadonlySet<string> = new Set([
  'jsonrpc',
  'id',
  'method',
  'params',
  'result',
  'error',
  'name',
  'arguments',
  'uri',
]);
export const CARRIAGE_RETURN = 0x0d;
const NOTHING: Readonly<Record<string, unknown>> = {};

/** Reads one line. It never throws. */
export function readMessage(line: Buffer): ReadMessage {
  if (hasLineBreak(line)) return { kind: 'fault', fault: 'line_break', id: null };
  const text = line.toString('utf8');
  if (text.trim() === '') return { kind: 'blank' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'fault', fault: 'not_json', id: null };
  }
  // Batches were part of MCP for one version (2025-03-26) only.
  if (Array.isArray(value)) return { kind: 'fault', fault: 'batch', id: null };
  if (!isObject(value)) return { kind: 'fault', fault: 'not_a_message', id: null };
  const message = messageOf(value);
  if (message === null) return { kind: 'fault', fault: 'not_a_message', id: idOf(value) };
  return { kind: 'message', message };
}

/**
 * Whether a line has a carriage return other than before its newline: JSON allows it between tokens, and Node's readline
 * and Python's text streams end a line there, so that they read a message of its own behind it.
 */
export function hasLineBreak(line: Buffer): boolean {
  const at = line.indexOf(CARRIAGE_RETURN);
  return at >= 0 && at !== line.length - 2 && at !== line.length - 1;
}

/** What in a line two readers may understand differently; null where nothing is. */
export function ambiguityOf(line: Buffer): FrameFault | null {
  const keys = new TopLevelKeys();
  keys.push(line);
  if (keys.overfull) return 'too_long';
  const deciding = keys.found.filter(({ parent }) => parent === null || parent === 'params');
  const names = deciding.map(({ parent, name }) => `${parent ?? ''}\0${name}`);
  if (new Set(names).size !== names.length) return 'duplicate_key';
  return deciding.some(isByCase) ? 'key_by_case' : null;
}

function isByCase({ name }: FoundKey): boolean {
  return !DECIDING.has(name) && DECIDING.has(name.normalize('NFKC').toLowerCase());
}

function messageOf(value: Readonly<Record<string, unknown>>): Message | null {
  const { method } = value;
  const answers = Object.hasOwn(value, 'result') || Object.hasOwn(value, 'error');
  if (typeof method === 'string') {
    if (answers) return null;
    const params = isObject(value['params']) ? value['params'] : NOTHING;
    const id = idOf(value);
    if (id !== null) return { kind: 'request', id, method, params };
    return Object.hasOwn(value, 'id') ? null : { kind: 'notification', method, params };
  }
  if (method !== undefined || !answers) return null;
  const failed = Object.hasOwn(value, 'error');
  return { kind: 'response', id: idOf(value), result: value['result'], failed, value };
}

function idOf({ id }: Readonly<Record<string, unknown>>): RequestId | null {
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
