import type { RefusalCode } from '../../wire/index.ts';

/** WebSocket close codes (RFC 6455 §7.4; 4000–4999 are ours), described in docs/protocol.md. */
export const CLOSE = {
  done: 1000,
  goingAway: 1001,
  helloTimeout: 4408,
  replaced: 4409,
} as const;

/** Close code that follows a refuse frame. */
export const CLOSE_OF_REFUSAL: Readonly<Record<RefusalCode, number>> = {
  'bad-frame': 4400,
  'unexpected-frame': 4405,
  'unsupported-protocol': 4406,
  'seq-out-of-order': 4410,
  'seq-gap': 4411,
  'too-fast': 4429,
  'not-this-agent': 4403,
  cloned: 4412,
  revoked: 4401,
  busy: 1013,
  'too-large': 1009,
  internal: 1011,
};
