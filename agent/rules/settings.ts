import { isAbsolute } from 'node:path';
import { stringify } from 'yaml';
import * as z from 'zod';
import { compileRules, RULE_LEVELS } from '../../rules/engine/index.ts';

const MAX_PATHS = 1_000;
const MAX_CHANGES = 1_000;
const MAX_PLACEHOLDERS = 1_000;
const MAX_PLACEHOLDER_VALUES = 10_000;
const MAX_WORD_CHARS = 512;
const MAX_REASON_CHARS = 4_096;
/** Documents that an exception must not be: each would add a rule, or repeat one. */
const OTHER_DOCUMENTS = ['detection', 'correlation', 'action'] as const;

const absolutePath = z
  .string()
  .refine(isAbsolute, 'must be an absolute path')
  .meta({ format: 'absolute-path' });
const word = z.string().min(1).max(MAX_WORD_CHARS);
/** From then on it no longer counts. */
const until = z.iso.datetime({ offset: true }).optional();
/** Why it is so, for whoever reads the config later. */
const reason = z.string().min(1).max(MAX_REASON_CHARS);

const ruleChange = z
  .strictObject({
    /** Id, name or title. */
    rule: word,
    disable: z.literal(true).optional(),
    level: z.enum(RULE_LEVELS).optional(),
    until,
    reason,
  })
  .refine(({ disable, level }) => (disable === undefined) !== (level === undefined), {
    error: 'takes exactly one of `disable: true` and `level`',
  });

const filterDocument = z.record(z.string(), z.unknown()).superRefine((document, context) => {
  for (const message of faultsOf(document)) context.addIssue({ code: 'custom', message });
});

/** What an agent's config says of rules; each part of the config may be left out. */
export const ruleSettingsShape = {
  /** Rule files or directories, beside the pack that comes with Sealwatch. */
  rules: z.array(absolutePath).max(MAX_PATHS).default([]),
  /** Whether rules that say nothing of MCP look at what comes out of MCP servers only, or at the whole host. */
  rule_scope: z.enum(['subtrees', 'host']).default('subtrees'),
  /** What rules mean by `%name%`. */
  placeholders: z
    .record(
      z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/),
      z.array(word).min(1).max(MAX_PLACEHOLDER_VALUES).readonly(),
    )
    .refine(
      (map) => Object.keys(map).length <= MAX_PLACEHOLDERS,
      `takes ${MAX_PLACEHOLDERS} names at the most`,
    )
    .default({}),
  /** Rules that are switched off, or told at another level. */
  rule_changes: z.array(ruleChange).max(MAX_CHANGES).default([]),
  /** What rules are to overlook: Sigma filters. */
  exceptions: z
    .array(z.strictObject({ filter: filterDocument, until, reason }))
    .max(MAX_CHANGES)
    .default([]),
  /** File of a signed rule pack. */
  rule_pack: absolutePath.nullable().default(null),
} as const;
const ruleSettingsSchema = z.strictObject(ruleSettingsShape);
export type RuleSettings = Readonly<z.infer<typeof ruleSettingsSchema>>;

/** The settings of an agent whose config says nothing of rules. */
export const DEFAULT_RULE_SETTINGS: RuleSettings = ruleSettingsSchema.parse({});

/** An exception as the text that the rule engine takes. */
export function filterText(document: Readonly<Record<string, unknown>>): string {
  return stringify(document, { aliasDuplicateObjects: false });
}

function faultsOf(document: Readonly<Record<string, unknown>>): readonly string[] {
  const wrong = OTHER_DOCUMENTS.filter((key) => Object.hasOwn(document, key));
  if (!Object.hasOwn(document, 'filter') || wrong.length > 0)
    return [
      'must be a Sigma filter: a map with `filter`, and without `detection`, `correlation` and `action`',
    ];
  const { refused, warnings } = compileRules([{ path: 'filter', text: filterText(document) }]);
  // Taken as it is, it would silence all but what it describes.
  const inverted = warnings.filter(({ code }) => code === 'RULE_FILTER_POSITIVE');
  return [...refused, ...inverted].map(({ code, message }) => `${message} (${code})`);
}
