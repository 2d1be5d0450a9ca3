import { CodedError } from '../wire/index.ts';

export const GUARD_ERROR_CODES = [
  // Which server it stands in front of
  'GUARD_SERVER_UNKNOWN',
  'GUARD_COMMAND_MISMATCH',
  'GUARD_STATE_DIR_REFUSED',
  'GUARD_HOST_FACTS_UNUSABLE',
  // Whether and how it starts
  'GUARD_NOT_APPROVED',
  'GUARD_COMMAND_NOT_FOUND',
  'GUARD_START_FAILED',
  'GUARD_IMAGE_MISMATCH',
  // What it is given beside its entry
  'GUARD_SECRET_UNAVAILABLE',
  'GUARD_IDENTITY_UNAVAILABLE',
  // While it runs
  'GUARD_STATE_UNSETTLED',
  'GUARD_NOT_ALLOWED',
  'GUARD_TOOL_CHANGED',
  'GUARD_TOOL_NOT_LISTED',
  'GUARD_TOOL_UNUSABLE',
  // Putting it into configs
  'GUARD_ENTRY_UNFIT',
  'GUARD_CONFIG_CHANGED',
  'GUARD_CONFIG_UNWRITABLE',
  'GUARD_BACKUP_FAILED',
  // A remote server
  'GUARD_REMOTE_URL_REFUSED',
  'GUARD_REMOTE_UNREACHABLE',
  'GUARD_REMOTE_TIMEOUT',
  'GUARD_REMOTE_REFUSED',
  'GUARD_REMOTE_UNAUTHORISED',
  'GUARD_REMOTE_REDIRECTED',
  'GUARD_REMOTE_SESSION_LOST',
  'GUARD_REMOTE_UNANSWERED',
  'GUARD_REMOTE_MALFORMED',
  'GUARD_REMOTE_LIMIT',
] as const;
export type GuardErrorCode = (typeof GUARD_ERROR_CODES)[number];

/** A server that the guard does not start, or no longer stands in front of. */
export class GuardError extends CodedError<GuardErrorCode> {}
