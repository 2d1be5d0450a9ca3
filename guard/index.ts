export { GUARD_ERROR_CODES, GuardError, type GuardErrorCode } from './errors.ts';
