import { RE2JS } from 're2js';
import { RuleError } from '../errors.ts';
import { MAX_REGEX_COST, MAX_REGEX_LENGTH } from '../limits.ts';
import type { ScalarNode } from '../parse/document.ts';
import type { Modifiers } from '../parse/modifiers.ts';
import { requiredTexts } from './regex-literals.ts';

const REPEAT = /\{(\d+)(?:,(\d*))?\}/g;

export type TextTest = (text: string) => boolean;

/** A compiled regular expression, and texts of which one is in all that it matches. */
export interface CompiledRegex {
  readonly test: TextTest;
  readonly required: readonly string[] | null;
}

/** @throws RuleError `RULE_REGEX_INVALID`, `RULE_VALUE_INVALID` */
export function compileRegex(node: ScalarNode, modifiers: Modifiers): CompiledRegex {
  if (node.value === null) {
    throw new RuleError('RULE_VALUE_INVALID', 'null is not a regular expression', { line: node.line });
  }
  const source = typeof node.value === 'string' ? node.value : node.source;
  checkRegexSize(source, node.line);
  let flags = 0;
  if (modifiers.flags.includes('i')) flags |= RE2JS.CASE_INSENSITIVE;
  if (modifiers.flags.includes('m')) flags |= RE2JS.MULTILINE;
  if (modifiers.flags.includes('s')) flags |= RE2JS.DOTALL;
  const start = modifiers.position === 'startswith' ? '\\A' : '';
  const end = modifiers.position === 'endswith' ? '\\z' : '';
  try {
    const whole = start === end ? source : `${start}(?:${source})${end}`;
    // Refused here; what is good is built again when it is needed.
    RE2JS.compile(whole, flags);
    const ignoresCase = modifiers.flags.includes('i');
    const required = requiredTexts(source, ignoresCase);
    const test = kept(lateRegex(whole, flags));
    const isCased = !(ignoresCase || /\(\?[a-z]*i/.test(source));
    return { test: isCased && required !== null ? withRequired(required, test) : test, required };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RuleError('RULE_REGEX_INVALID', `RE2 refuses the regular expression: ${reason}`, {
      line: node.line,
      cause,
    });
  }
}

/**
 * Tests by an expression that is built at the first text. Most rules never get that far, and the program of an expression takes
 * some 50 KB.
 */
export function lateRegex(source: string, flags: number): TextTest {
  let regex: RE2JS | undefined;
  return (text) => {
    regex ??= RE2JS.compile(source, flags);
    return regex.test(text);
  };
}

/** Looks for what every match holds before the expression is tried. */
function withRequired(required: readonly string[], test: TextTest): TextTest {
  return (text) => {
    for (const part of required) if (text.includes(part)) return test(text);
    return false;
  };
}

/** Texts whose answer is kept, and their length: the same programs start again and again. */
const MAX_KEPT_TEXTS = 256;
const MAX_KEPT_LENGTH = 96;

/** Remembers the answers to the last texts; they are the same whenever they are asked. */
function kept(test: TextTest): TextTest {
  const answers = new Map<string, boolean>();
  return (text) => {
    if (text.length > MAX_KEPT_LENGTH) return test(text);
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = test(text);
    if (answers.size >= MAX_KEPT_TEXTS) answers.clear();
    answers.set(text, answer);
    return answer;
  };
}

function checkRegexSize(source: string, line: number): void {
  const repeats = Array.from(source.matchAll(REPEAT), ([, low, high]) =>
    Math.max(Number(low), Number(high ?? 0)),
  );
  const cost = source.length * Math.max(1, ...repeats);
  if (source.length <= MAX_REGEX_LENGTH && cost <= MAX_REGEX_COST) return;
  throw new RuleError('RULE_REGEX_INVALID', 'the regular expression is too large', { line });
}
