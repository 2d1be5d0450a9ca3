import { isObject, type RequestId } from '../session/message.ts';

/** A message of the client on its way to the server. */
export interface Outgoing {
  /** What is sent: the line as the client wrote it, without its end. */
  readonly bytes: Buffer<ArrayBuffer>;
  readonly kind: 'initialize' | 'initialized' | 'request' | 'other';
  /** Requests in it that ask for an answer; several where it is a batch (MCP 2025-03-26 had them). */
  readonly ids: readonly RequestId[];
  /** The request that it takes back; null where it takes none back. */
  readonly cancels: RequestId | null;
  /** Ends what is under way for it. */
  readonly abort: AbortController;
}

/** Reads one line of the client; null where it is no JSON. */
export function readOutgoing(line: Buffer): Outgoing | null {
  const text = line.toString('utf8').trim();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const messages = (Array.isArray(value) ? value : [value]).filter(isObject);
  const ids = messages.flatMap(({ id, method }) => (typeof method === 'string' && isId(id) ? [id] : []));
  const [only] = messages;
  const method = only !== undefined && messages.length === 1 ? only['method'] : null;
  return {
    bytes: Buffer.from(text),
    kind: kindOf(method, ids.length > 0),
    ids,
    cancels: method === 'notifications/cancelled' ? cancelledId(only?.['params']) : null,
    abort: new AbortController(),
  };
}

function kindOf(method: unknown, asks: boolean): Outgoing['kind'] {
  if (asks) return method === 'initialize' ? 'initialize' : 'request';
  return method === 'notifications/initialized' ? 'initialized' : 'other';
}

function cancelledId(params: unknown): RequestId | null {
  const id = isObject(params) ? params['requestId'] : null;
  return isId(id) ? id : null;
}

function isId(value: unknown): value is RequestId {
  return typeof value === 'string' || typeof value === 'number';
}
