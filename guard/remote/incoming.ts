import { isObject, type RequestId } from '../session/message.ts';

/** Messages in one batch. */
const MAX_BATCH = 1_000;

/** A message of the server as a line for the client. */
export interface Incoming {
  readonly line: Buffer;
  /** The request that it answers; null where it is no answer, or one to nothing in particular. */
  readonly answers: RequestId | null;
  readonly result: unknown;
}

/**
 * Makes lines of what the server sent; null where it is no message. The text stays as it came, but for line breaks
 * between its tokens, which would end a line (MCP 2025-11-25, stdio). Only what comes as a batch is written anew.
 */
export function readIncoming(bytes: Buffer): readonly Incoming[] | null {
  const text = withoutBom(bytes.toString('utf8'));
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return isObject(value) ? [incoming(text, value)] : null;
    if (value.length > MAX_BATCH || !value.every(isObject)) return null;
    // A level too deep to be written again throws as text that cannot be read does.
    return value.map((message) => incoming(JSON.stringify(message), message));
  } catch {
    return null;
  }
}

function incoming(text: string, message: Readonly<Record<string, unknown>>): Incoming {
  const { id, method, result } = message;
  const isAnswer = method === undefined && (typeof id === 'string' || typeof id === 'number');
  return {
    // No string of JSON holds a raw line break (RFC 8259, section 7).
    line: Buffer.from(`${text.replaceAll(/[\r\n]+/g, ' ').trim()}\n`),
    answers: isAnswer ? id : null,
    result,
  };
}

function withoutBom(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
