import { CodedError } from '../wire/index.ts';

export const CENTRAL_ERROR_CODES = [
  'CENTRAL_AUTHORITY_UNUSABLE',
  'CENTRAL_PORT_IN_USE',
  'CENTRAL_LISTEN_FAILED',
  'CENTRAL_DATABASE_LOCKED',
  'CENTRAL_DATABASE_CORRUPT',
  'CENTRAL_DATABASE_NOT_WRITABLE',
  'CENTRAL_DATABASE_TOO_NEW',
  'CENTRAL_ALERT_ID_TAKEN',
  'CENTRAL_FEED_NOT_A_FEED',
] as const;
export type CentralErrorCode = (typeof CENTRAL_ERROR_CODES)[number];

/** Central could not start, or refused what would have harmed its store or a feed. */
export class CentralError extends CodedError<CentralErrorCode> {}
