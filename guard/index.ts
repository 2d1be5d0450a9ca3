export { GUARD_ERROR_CODES, GuardError, type GuardErrorCode } from './errors.ts';
export {
  type EntryOutcome,
  type FileOutcome,
  type RewriteOutcome,
  type RewriteRequest,
  rewriteConfigs,
} from './wrap/rewrite.ts';
