import { CodedError, type Problem } from '../wire/index.ts';

/** Faults in what was read; each is one Problem. */
export const PROBLEM_CODES = [
  'CONFIG_NOT_FOUND',
  'CONFIG_PERMISSION_DENIED',
  'CONFIG_UNREADABLE',
  'CONFIG_NOT_A_FILE',
  'CONFIG_SYMLINK_LOOP',
  'CONFIG_TOO_LARGE',
  'CONFIG_NOT_UTF8',
  'CONFIG_SYNTAX',
  'CONFIG_NOT_AN_OBJECT',
  'CONFIG_TOO_DEEP',
  'CONFIG_TOO_MANY_VALUES',
  'CONFIG_TOO_MANY_SERVERS',
  'CONFIG_TOO_MANY_PROBLEMS',
  'CONFIG_DUPLICATE_KEY',
  'CONFIG_FORBIDDEN_KEY',
  'CONFIG_ENTRY_INVALID',
  'INVENTORY_UNKNOWN_CLIENT',
  'INVENTORY_ROOT_UNREADABLE',
  'INVENTORY_ROOT_TRUNCATED',
  'INVENTORY_TOO_MANY_PROJECTS',
  'INVENTORY_TOO_MANY_CONTROLS',
  'INVENTORY_PATTERN_TRUNCATED',
  'INVENTORY_RECORD_UNREADABLE',
  'INVENTORY_CONTROL_UNREADABLE',
  'CONFIG_CASE_VARIANT',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** Worth a line in a scan, but no sign of an attack: other programs' files that are just being written, and the like. */
export const INFORMATIONAL_PROBLEMS: ReadonlySet<string> = new Set<ProblemCode>([
  'INVENTORY_RECORD_UNREADABLE',
  'CONFIG_CASE_VARIANT',
]);

export const INVENTORY_ERROR_CODES = [
  'INVENTORY_HOME_NOT_FOUND',
  'INVENTORY_SALT_MISSING',
  'INVENTORY_NOT_CANONICAL',
  'INVENTORY_EDIT_REFUSED',
] as const;
export type InventoryErrorCode = (typeof INVENTORY_ERROR_CODES)[number];

/** The inventory could not be taken at all; a fault in one file is a Problem instead. */
export class InventoryError extends CodedError<InventoryErrorCode> {}

/** 1-based, in UTF-16 code units, after a byte order mark. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A fault before the file's name is attached. */
export interface Fault {
  readonly code: ProblemCode;
  readonly message: string;
  readonly at: Position | null;
}

export function problemOf(path: string, fault: Fault): Problem {
  return {
    path,
    line: fault.at?.line ?? null,
    column: fault.at?.column ?? null,
    code: fault.code,
    message: fault.message,
  };
}

/** The `code` of a Node system error, e.g. `ENOENT`; empty where there is none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
