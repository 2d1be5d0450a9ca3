import * as z from 'zod';
import { argumentConditionSchema } from './argument.ts';
import { destinationFault } from './destination.ts';
import { pathPatternFault } from './path-pattern.ts';

const MAX_ITEMS = 1_000;
const MAX_NAME_LENGTH = 256;
const MAX_PATTERN_LENGTH = 4_096;
const MAX_RATES = 32;
const MAX_RATE_CALLS = 10_000;
const MAX_RATE_SECONDS = 86_400;
/** Characters of Cedar text in one policy. */
export const MAX_CEDAR_LENGTH = 64 * 1024;

const toolName = z.string().min(1).max(MAX_NAME_LENGTH);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest in lower-case hexadecimal');
const pathPattern = checked(pathPatternFault);
const destination = checked(destinationFault);

function checked(faultOf: (text: string) => string | null): z.ZodString {
  return z
    .string()
    .min(1)
    .max(MAX_PATTERN_LENGTH)
    .check(({ value, issues }) => {
      const fault = faultOf(value);
      if (fault !== null) issues.push({ code: 'custom', message: fault, input: value });
    });
}

const rateSchema = z.strictObject({
  /** Calls within any span of `seconds`. */
  calls: z.number().int().min(1).max(MAX_RATE_CALLS),
  seconds: z.number().int().min(1).max(MAX_RATE_SECONDS),
  /** Tools that count towards it, all of them together; null counts every call. */
  tools: z.array(toolName).min(1).max(MAX_ITEMS).nullable(),
});
export type Rate = z.infer<typeof rateSchema>;

/**
 * What a server may do while it runs. Null is everything; a list allows what it names and nothing else. The
 * members that may be absent came later: an approval signed without them still means what it meant.
 */
export const policySchema = z.strictObject({
  /** Tools by name; `digest` binds the definition as well (`toolDigest`), null any. */
  tools: z
    .array(z.strictObject({ name: toolName, digest: sha256.nullable() }))
    .max(MAX_ITEMS)
    .nullable(),
  /** Programs that it may start, as path patterns. */
  executables: z.array(pathPattern).max(MAX_ITEMS).nullable(),
  shells: z.boolean(),
  /** `host`, `host:port`, `*.example.com:443`, or an address range in CIDR notation. */
  destinations: z.array(destination).max(MAX_ITEMS).nullable(),
  /** Where it may write, as path patterns. */
  writable_paths: z.array(pathPattern).max(MAX_ITEMS).nullable(),
  /** All that name the called tool must hold. */
  arguments: z.array(argumentConditionSchema).max(MAX_ITEMS).exactOptional(),
  /** Each must leave room for a call. */
  rate: z.array(rateSchema).max(MAX_RATES).exactOptional(),
  /** Cedar policies; they must permit what the lists allow. */
  cedar: z.string().min(1).max(MAX_CEDAR_LENGTH).exactOptional(),
});
export type Policy = z.infer<typeof policySchema>;

/** The same policy in the one way in which it is signed: lists sorted, nothing named twice, nothing empty. */
export function normalisePolicy(policy: Policy): Policy {
  const { tools, executables, destinations, writable_paths, rate, cedar } = policy;
  const conditions = policy.arguments ?? [];
  const rates = (rate ?? []).map((item) => ({ ...item, tools: sortedOrNull(item.tools) }));
  return {
    tools: tools === null ? null : unique(tools),
    executables: sortedOrNull(executables),
    shells: policy.shells,
    destinations: sortedOrNull(destinations),
    writable_paths: sortedOrNull(writable_paths),
    ...(conditions.length === 0 ? {} : { arguments: unique(conditions) }),
    ...(rates.length === 0 ? {} : { rate: unique(rates) }),
    ...(cedar === undefined ? {} : { cedar }),
  };
}

function sortedOrNull(items: readonly string[] | null): string[] | null {
  return items === null ? null : [...new Set(items)].sort();
}

function unique<T>(items: readonly T[]): T[] {
  const byText = new Map(items.map((item) => [JSON.stringify(item), item]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}
