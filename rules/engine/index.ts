export type { CorrelationHit } from './correlate/hit.ts';
export {
  type Refusal,
  RULE_ERROR_CODES,
  RULE_WARNING_CODES,
  RuleError,
  type RuleErrorCode,
  type RuleWarningCode,
  type Warning,
} from './errors.ts';
export { type FieldScalar, type FieldValue, parseEventRecord, type RuleEvent } from './match/event.ts';
export type {
  DetectionExplanation,
  Explanation,
  FieldExplanation,
  SearchExplanation,
} from './match/explanation.ts';
export type { Logsource } from './parse/logsource.ts';
export { RULE_LEVELS, type Rule, type RuleLevel } from './parse/metadata.ts';
export { type CompileOptions, compileRules, type RuleAdjustment, type RuleSet } from './ruleset.ts';
export type { RuleSource } from './sources.ts';
export { type Hit, RuleStream } from './stream.ts';
