/** Every reason for which a rule, or an event given to `rules match`, is refused. docs/errors.md describes each. */
export const RULE_ERROR_CODES = [
  'RULE_TEXT_TOO_LARGE',
  'RULE_TOO_COMPLEX',
  'RULE_YAML_INVALID',
  'RULE_DOCUMENT_INVALID',
  'RULE_FIELD_INVALID',
  'RULE_ID_DUPLICATE',
  'RULE_LOGSOURCE_INVALID',
  'RULE_TAXONOMY_UNKNOWN',
  'RULE_DETECTION_MISSING',
  'RULE_DETECTION_INVALID',
  'RULE_CONDITION_MISSING',
  'RULE_CONDITION_INVALID',
  'RULE_CONDITION_IDENTIFIER_UNKNOWN',
  'RULE_AGGREGATION_UNSUPPORTED',
  'RULE_COLLECTION_INVALID',
  'RULE_CORRELATION_INVALID',
  'RULE_FILTER_INVALID',
  'RULE_REFERENCE_UNKNOWN',
  'RULE_REFERENCE_CYCLE',
  'RULE_PLACEHOLDER_UNKNOWN',
  'RULE_MODIFIER_UNKNOWN',
  'RULE_MODIFIER_CONFLICT',
  'RULE_VALUE_INVALID',
  'RULE_REGEX_INVALID',
  'RULE_EVENT_INVALID',
] as const;
export type RuleErrorCode = (typeof RULE_ERROR_CODES)[number];

/**
 * A fault in a rule. Shaped like wire's `CodedError`, which the engine may not import: it stays pure so
 * that agent, central and console can all use it.
 */
export class RuleError extends Error {
  readonly code: RuleErrorCode;
  /** 1-based line in the rule's file; 1 where the fault is the whole file. */
  readonly line: number;
  readonly hint: string | undefined;

  constructor(
    code: RuleErrorCode,
    message: string,
    options: { readonly line?: number; readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RuleError';
    this.code = code;
    this.line = options.line ?? 1;
    this.hint = options.hint;
  }
}

/** A rule that was not taken, and why. */
export interface Refusal {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly code: RuleErrorCode;
  readonly message: string;
}

/** What of a rule is taken, but hardly meant so. docs/errors.md describes each. */
export const RULE_WARNING_CODES = [
  'RULE_FILTER_POSITIVE',
  'RULE_FILTER_WITHOUT_EFFECT',
  'RULE_ADJUSTMENT_WITHOUT_EFFECT',
  'RULE_UNINDEXED',
] as const;
export type RuleWarningCode = (typeof RULE_WARNING_CODES)[number];

/** Something about a rule, a filter or an adjustment that its author should hear of. */
export interface Warning {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly code: RuleWarningCode;
  readonly message: string;
}
