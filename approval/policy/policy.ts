import * as z from 'zod';
import { argumentConditionSchema } from './argument.ts';
import { destinationFault } from './destination.ts';
import { pathPatternFault } from './path-pattern.ts';

const MAX_ITEMS = 1_000;
/** UTF-16 code units of a name, e.g. of a tool. */
export const MAX_NAME_LENGTH = 256;
const MAX_PATTERN_LENGTH = 4_096;
const MAX_RATES = 32;
const MAX_SECRETS = 64;
const MAX_RATE_CALLS = 10_000;
const MAX_RATE_SECONDS = 86_400;
/** Characters of Cedar text in one policy. */
export const MAX_CEDAR_LENGTH = 64 * 1024;

const MAX_COMMAND_WORDS = 64;
/** What a server may ask of the client (MCP 2025-11-25, client features). */
export const CLIENT_FEATURES = ['sampling', 'elicitation', 'roots'] as const;
export type ClientFeature = (typeof CLIENT_FEATURES)[number];

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

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/, 'the name of an environment variable');
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/, 'the name of an HTTP header');
const absolutePath = z.string().startsWith('/', 'an absolute path').max(MAX_PATTERN_LENGTH);
const commandLine = z.tuple([absolutePath], z.string().max(MAX_PATTERN_LENGTH)).check(({ value, issues }) => {
  if (value.length > MAX_COMMAND_WORDS)
    issues.push({ code: 'custom', message: `over ${MAX_COMMAND_WORDS} words`, input: value });
});
/** Where a value comes from at the start: what a command prints, or what a file holds. */
const valueSource = { command: commandLine.exactOptional(), file: absolutePath.exactOptional() };

function oneSource(source: { readonly command?: unknown; readonly file?: unknown }): boolean {
  return (source.command === undefined) !== (source.file === undefined);
}

const ONE_SOURCE = 'either a command or a file';
const secretSchema = z.strictObject({ name: variableName, ...valueSource }).refine(oneSource, ONE_SOURCE);
const headerSchema = z
  .strictObject({ name: headerName, ...valueSource, prefix: z.string().max(256).exactOptional() })
  .refine(oneSource, ONE_SOURCE);
export type Secret = z.infer<typeof secretSchema>;
export type SecretHeader = z.infer<typeof headerSchema>;

const identitySchema = z.strictObject({
  /** Who is to believe the token (RFC 7519, `aud`). */
  audience: z.string().min(1).max(MAX_NAME_LENGTH),
  /** Variable that names the file in which the server finds it. */
  variable: variableName,
});

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
  /** Tools about which a person is asked at each call. */
  ask: z.array(toolName).max(MAX_ITEMS).exactOptional(),
  /** Prompts that may be got, by name. */
  prompts: z.array(toolName).max(MAX_ITEMS).exactOptional(),
  /** Resources that may be read or subscribed to: a URI, or the beginning of one before a final `*`. */
  resources: z.array(z.string().min(1).max(MAX_PATTERN_LENGTH)).max(MAX_ITEMS).exactOptional(),
  /** What it may ask of the client. */
  client_features: z.array(z.enum(CLIENT_FEATURES)).exactOptional(),
  /** Environment variables that it gets beside those of its entry. */
  environment: z.array(variableName).max(MAX_ITEMS).exactOptional(),
  /** Environment variables whose values are fetched at each start. */
  secrets: z.array(secretSchema).max(MAX_SECRETS).exactOptional(),
  /** The same for headers of a remote server. */
  headers: z.array(headerSchema).max(MAX_SECRETS).exactOptional(),
  /** A token that says to others who is calling. */
  identity: identitySchema.exactOptional(),
});
export type Policy = z.infer<typeof policySchema>;

/**
 * What a policy for all servers of a fleet may say: what gives a server something (variables, secrets, headers, a token)
 * is the matter of its own approval.
 */
export const fleetPolicySchema = policySchema.omit({
  environment: true,
  secrets: true,
  headers: true,
  identity: true,
});

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
    ...normaliseSession(policy),
  };
}

/** What may be absent: an empty list of prompts allows none, so it stays; nothing to ask about is nothing. */
function normaliseSession(policy: Policy): Partial<Policy> {
  const { ask = [], prompts, resources, client_features, environment = [], secrets = [] } = policy;
  const { headers = [], identity } = policy;
  return {
    ...(ask.length === 0 ? {} : { ask: sorted(ask) }),
    ...(prompts === undefined ? {} : { prompts: sorted(prompts) }),
    ...(resources === undefined ? {} : { resources: sorted(resources) }),
    ...(client_features === undefined ? {} : { client_features: sorted(client_features) }),
    ...(environment.length === 0 ? {} : { environment: sorted(environment) }),
    ...(secrets.length === 0 ? {} : { secrets: unique(secrets) }),
    ...(headers.length === 0 ? {} : { headers: unique(headers) }),
    ...(identity === undefined ? {} : { identity }),
  };
}

function sorted<T extends string>(items: readonly T[]): T[] {
  return [...new Set(items)].sort();
}

function sortedOrNull(items: readonly string[] | null): string[] | null {
  return items === null ? null : sorted(items);
}

function unique<T>(items: readonly T[]): T[] {
  const byText = new Map(items.map((item) => [JSON.stringify(item), item]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}
