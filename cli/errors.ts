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
  'CLI_NOT_ROOT',
  'CLI_SERVICE_UNSUPPORTED',
  'CLI_SERVICE_ROOT_UNFIT',
  'CLI_SERVICE_ROOT_EXPOSED',
  'CLI_SERVICE_INCOMPLETE',
  'CLI_SERVICE_PACKAGED',
  'CLI_SERVICE_FILE_FOREIGN',
  'CLI_SERVICE_RECORD_UNREADABLE',
  'CLI_SERVICE_COMMAND_FAILED',
] as const;
export type CliErrorCode = (typeof CLI_ERROR_CODES)[number];

/** A command that cannot be carried out as it was given. */
export class CliError extends CodedError<CliErrorCode> {}
