export { type Jurisdiction, type JurisdictionOptions, jurisdiction } from './authority/host-facts.ts';
export { GUARD_ERROR_CODES, GuardError, type GuardErrorCode } from './errors.ts';
export { type GuardOptions, runGuard } from './guard.ts';
export type { GuardEnd } from './guarded-server.ts';
export { type GuardRequest, readRemoteTarget } from './request.ts';
export { answerQuestion, openQuestions, type Question } from './session/questions.ts';
export { KeptManifests } from './tools/kept-manifests.ts';
export type { ManifestTool } from './tools/manifest.ts';
export { Neighbours } from './tools/neighbours.ts';
export { poisonsOf } from './tools/poison.ts';
export { readTools, type Tool } from './tools/tool.ts';
export {
  type EntryOutcome,
  type FileOutcome,
  type RewriteOutcome,
  type RewriteRequest,
  rewriteConfigs,
} from './wrap/rewrite.ts';
