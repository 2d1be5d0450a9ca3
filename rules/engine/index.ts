export { type Refusal, RULE_ERROR_CODES, RuleError, type RuleErrorCode } from './errors.ts';
export { type FieldScalar, type FieldValue, parseEventRecord, type RuleEvent } from './match/event.ts';
export type { Logsource } from './parse/logsource.ts';
export { RULE_LEVELS, type Rule, type RuleLevel } from './parse/metadata.ts';
export { compileRules, type RuleSet, type RuleSource } from './ruleset.ts';
