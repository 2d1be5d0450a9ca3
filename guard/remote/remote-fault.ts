import { GuardError } from '../errors.ts';
import type { RequestId } from '../session/message.ts';

/** The code of an answer that the guard gives because the server gave none (JSON-RPC 2.0, section 5.1). */
export const REMOTE_FAILED = -32_051;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);
/** System and TLS codes; anything longer is no code. */
const CAUSE_CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

/** An answer with a status that is no success. */
export class StatusFault extends GuardError {
  readonly status: number;

  constructor(status: number) {
    if (status === 401)
      super('GUARD_REMOTE_UNAUTHORISED', 'the server does not take the authorisation (HTTP 401)', {
        hint: 'see that the sources of the headers in the policy give what the server takes now',
      });
    else if (REDIRECTS.has(status))
      super('GUARD_REMOTE_REDIRECTED', `the server redirects to where nothing is sent (HTTP ${status})`, {
        hint: 'put the url that it redirects to into the config, if that is where the server is now',
      });
    else super('GUARD_REMOTE_REFUSED', `the server answered HTTP ${status}`);
    this.status = status;
  }
}

/**
 * What went wrong, in words of our own: texts of the server are left out, for they may repeat a header's value.
 * @param error what `fetch`, a stream of it, or one of the SDK's transports threw
 */
export function faultOf(error: unknown): GuardError {
  if (error instanceof GuardError) return error;
  if (error instanceof Error && 'code' in error && typeof error.code === 'number' && error.code >= 300)
    return new StatusFault(error.code);
  const code = causeCode(error);
  if (TIMEOUTS.has(code)) return new GuardError('GUARD_REMOTE_TIMEOUT', `the server is silent (${code})`);
  const why = code === null ? 'the connection failed' : `the connection failed (${code})`;
  return new GuardError('GUARD_REMOTE_UNREACHABLE', why, { cause: error });
}

/** The answer to a request that the server did not answer. */
export function failedAnswer(id: RequestId | null, fault: GuardError): Buffer {
  const error = {
    code: REMOTE_FAILED,
    message: `Sealwatch got no answer: ${fault.message} (${fault.code}).`,
    data: {
      code: fault.code,
      reason: fault.message,
      ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    },
  };
  return Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id, error })}\n`);
}

/** The code of the innermost error that has one. */
function causeCode(error: unknown): string | null {
  let code: string | null = null;
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string' && CAUSE_CODE.test(at.code)) code = at.code;
  }
  return code;
}
