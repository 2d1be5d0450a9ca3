import { isDeepStrictEqual } from 'node:util';
import { RE2JS } from 're2js';
import * as z from 'zod';
import type { Anchors } from '../../inventory/index.ts';
import { PathPatterns, pathPatternFault } from './path-pattern.ts';
import { pointerTokens, valueAt } from './pointer.ts';

const MAX_PATTERN_LENGTH = 1_000;
const MAX_CHOICES = 1_000;
const MAX_TEXT_LENGTH = 4_096;

/** Names of the tests that a condition may hold; it holds one of them. */
const TESTS = ['equals', 'one_of', 'matches', 'max_length', 'min', 'max', 'below', 'absent'] as const;

const scalar = z.union([z.string().max(MAX_TEXT_LENGTH), z.number(), z.boolean(), z.null()]);

const fields = z.strictObject({
  /** Name of the tool, or `*` for every one. */
  tool: z.string().min(1).max(256),
  /** JSON Pointer (RFC 6901) into the arguments of the call. */
  path: z.string().max(1_024),
  /** Where true, an argument that is not given is allowed. */
  optional: z.boolean().exactOptional(),
  equals: scalar.exactOptional(),
  one_of: z.array(scalar).min(1).max(MAX_CHOICES).exactOptional(),
  /** A regular expression (RE2) for the whole text. */
  matches: z.string().min(1).max(MAX_PATTERN_LENGTH).exactOptional(),
  /** UTF-16 code units of a text. */
  max_length: z.number().int().min(0).exactOptional(),
  min: z.number().exactOptional(),
  max: z.number().exactOptional(),
  /** A directory: the text must be an absolute path of it or below it. */
  below: z.string().min(1).max(MAX_TEXT_LENGTH).exactOptional(),
  absent: z.literal(true).exactOptional(),
});

/** One condition on an argument of a tool. Of an array each element must meet it. */
export const argumentConditionSchema = fields.check(({ value, issues }) => {
  const fault = conditionFault(value);
  if (fault === null) return;
  issues.push({ code: 'custom', message: fault.message, input: value, path: [...fault.at] });
});
export type ArgumentCondition = z.infer<typeof fields>;

function conditionFault(condition: ArgumentCondition): { message: string; at: readonly string[] } | null {
  const used = TESTS.filter((test) => condition[test] !== undefined);
  const range = used.every((test) => test === 'min' || test === 'max');
  if (used.length === 0 || (used.length > 1 && !range))
    return { message: `holds exactly one of ${TESTS.join(', ')} (min and max go together)`, at: [] };
  if (pointerTokens(condition.path) === null)
    return { message: 'not a JSON Pointer (RFC 6901), e.g. /path', at: ['path'] };
  if (condition.below !== undefined) {
    const message = pathPatternFault(`${condition.below}/**`);
    if (message !== null) return { message, at: ['below'] };
  }
  if (condition.matches !== undefined && compile(condition.matches) === null)
    return { message: 'not a regular expression of RE2', at: ['matches'] };
  return null;
}

function compile(pattern: string): RE2JS | null {
  try {
    // Alone first: `a)|(b` would close the group below.
    RE2JS.compile(pattern);
    return RE2JS.compile(`\\A(?:${pattern})\\z`);
  } catch {
    return null;
  }
}

type Test = (value: unknown) => boolean;

/** A condition that is ready to be asked. */
export interface CompiledCondition {
  readonly tool: string;
  /** What is said where it does not hold. */
  readonly text: string;
  holds(args: unknown): boolean;
}

/** Compiles a condition that `argumentConditionSchema` accepted. */
export function compileCondition(condition: ArgumentCondition, anchors: Anchors): CompiledCondition {
  const tokens = pointerTokens(condition.path) ?? [];
  const { tool, path, optional = false, absent } = condition;
  const test = testOf(condition, anchors);
  return {
    tool,
    text: `argument ${path === '' ? '(all)' : path} of ${tool} must ${wording(condition)}`,
    holds: (args) => {
      const value = valueAt(args, tokens);
      if (absent === true) return value === undefined;
      if (value === undefined) return optional;
      if (Array.isArray(value)) return value.every((item) => test(item));
      return test(value);
    },
  };
}

function testOf(condition: ArgumentCondition, anchors: Anchors): Test {
  const { equals, one_of, matches, max_length, min, max, below } = condition;
  if (equals !== undefined) return (value) => isDeepStrictEqual(value, equals);
  if (one_of !== undefined) return (value) => one_of.some((choice) => isDeepStrictEqual(value, choice));
  if (max_length !== undefined) return (value) => typeof value === 'string' && value.length <= max_length;
  if (matches !== undefined) {
    const pattern = compile(matches);
    return (value) => typeof value === 'string' && pattern?.test(value) === true;
  }
  if (below !== undefined) {
    const patterns = new PathPatterns([below, `${below}/**`], anchors);
    return (value) => typeof value === 'string' && patterns.match(value);
  }
  return (value) =>
    typeof value === 'number' && (min === undefined || value >= min) && (max === undefined || value <= max);
}

const WORDING: Readonly<Record<(typeof TESTS)[number], string>> = {
  equals: 'equal',
  one_of: 'be one of',
  matches: 'match',
  max_length: 'be no longer than',
  min: 'be at least',
  max: 'be at most',
  below: 'be a path below',
  absent: 'be absent:',
};

function wording(condition: ArgumentCondition): string {
  return TESTS.filter((test) => condition[test] !== undefined)
    .map((test) => `${WORDING[test]} ${JSON.stringify(condition[test])}`)
    .join(' and ');
}
