import { CodedError } from '../wire/index.ts';

export const GUARD_ERROR_CODES = [
  // Which server it stands in front of
  'GUARD_SERVER_UNKNOWN',
  'GUARD_SERVER_AMBIGUOUS',
  'GUARD_COMMAND_MISMATCH',
  'GUARD_STATE_DIR_REFUSED',
  'GUARD_HOST_FACTS_UNUSABLE',
  // Whether and how it starts
  'GUARD_NOT_APPROVED',
  'GUARD_COMMAND_NOT_FOUND',
  'GUARD_START_FAILED',
  'GUARD_IMAGE_MISMATCH',
  // While it runs
  'GUARD_STATE_UNSETTLED',
  'GUARD_NOT_ALLOWED',
] as const;
export type GuardErrorCode = (typeof GUARD_ERROR_CODES)[number];

/** A server that the guard does not start, or no longer stands in front of. */
export class GuardError extends CodedError<GuardErrorCode> {}
