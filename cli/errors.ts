import { CodedError } from '../wire/index.ts';

export const CLI_ERROR_CODES = [
  'CLI_USAGE',
  'CLI_SERVER_UNKNOWN',
  'CLI_SERVER_AMBIGUOUS',
  'CLI_NOT_CONFIRMED',
  'CLI_FILE_UNREADABLE',
  'CLI_FILE_UNWRITABLE',
  'CLI_TOOLS_UNSEEN',
  'CLI_CENTRAL_UNREACHABLE',
  'CLI_CENTRAL_REFUSED',
] as const;
export type CliErrorCode = (typeof CLI_ERROR_CODES)[number];

/** A command that cannot be carried out as it was given. */
export class CliError extends CodedError<CliErrorCode> {}
