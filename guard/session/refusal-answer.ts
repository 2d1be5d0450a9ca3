import type { Refusal } from '../authority/ruling.ts';
import type { RequestId } from './message.ts';

/**
 * The code of every refusal (JSON-RPC 2.0, section 5.1: -32000 to -32099 are the server's own; MCP uses -32002 and
 * -32042 of them). `data.code` says which refusal it is.
 */
export const REFUSED = -32_050;
const INVALID_REQUEST = -32_600;
const PARSE_ERROR = -32_700;

/** The answer to a request that is refused: what changed, and the command that approves it. */
export function refusalAnswer(id: RequestId | null, refusal: Refusal): Buffer {
  const { code, reason, changes, remedy } = refusal;
  const hint = remedy === null ? '' : ` To allow it: ${remedy}`;
  return answer(id, {
    code: REFUSED,
    message: `Sealwatch refused this: ${reason} (${code}).${hint}`,
    data: {
      code,
      reason,
      changes: changes.map(({ change, role, path }) => ({ change, role, path })),
      approve: remedy,
    },
  });
}

/** The answer to what is no message, or one that two readers would take for two. */
export function faultAnswer(id: RequestId | null, fault: string): Buffer {
  const code = fault === 'not_json' ? PARSE_ERROR : INVALID_REQUEST;
  return answer(id, { code, message: `Sealwatch refused this message: ${fault.replaceAll('_', ' ')}` });
}

function answer(id: RequestId | null, error: object): Buffer {
  return Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id, error })}\n`);
}
