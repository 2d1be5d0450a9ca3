import * as z from 'zod';
import { SERVER_STATES, SEVERITIES } from './server.ts';

/** One process in the ancestry of an alert, nearest first. */
export const ancestorSchema = z
  .object({
    pid: z.number().int(),
    start: z.number().int(),
    exe: z.string(),
    cmdline: z.string(),
    user: z.string(),
  })
  .readonly();
export type Ancestor = z.infer<typeof ancestorSchema>;

export const alertRuleSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    title: z.string(),
    level: z.enum(SEVERITIES),
    tags: z.array(z.string()).readonly(),
    /** The Detection Rule License asks that the author is named wherever a match is shown. */
    author: z.string().nullable(),
    license: z.string().nullable(),
  })
  .readonly();
export type AlertRule = z.infer<typeof alertRuleSchema>;

export const alertServerSchema = z
  .object({ id: z.string(), client: z.string(), name: z.string(), state: z.enum(SERVER_STATES) })
  .readonly();
export type AlertServer = z.infer<typeof alertServerSchema>;

export const alertActorSchema = z
  .object({ pid: z.number().int(), exe: z.string(), cmdline: z.string(), in_subtree: z.boolean() })
  .readonly();
export type AlertActor = z.infer<typeof alertActorSchema>;

/** What changed: an artefact by role and path, with its digest before and after. */
export const alertChangeSchema = z
  .object({
    artefact: z.object({ role: z.string(), path: z.string() }).readonly(),
    before: z.string().nullable(),
    after: z.string().nullable(),
    /** Unified text diff with secrets redacted; null where it is not text or no copy was kept. */
    diff: z.string().nullable(),
  })
  .readonly();
export type AlertChange = z.infer<typeof alertChangeSchema>;

export const fieldValueSchema = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])),
]);
/** A field of an event as rules see it. */
export type FieldValue = z.infer<typeof fieldValueSchema>;

/** A rule's hit with its evidence. `(agent, seq)` is its identity; `id` spells both. */
export const alertSchema = z
  .object({
    id: z.string(),
    seq: z.number().int().positive(),
    /** RFC 3339, UTC, milliseconds. */
    time: z.string(),
    host: z.string(),
    /** The user concerned: of the acting process, else of the server's client. */
    user: z.string(),
    rule: alertRuleSchema,
    server: alertServerSchema.nullable(),
    event: z.record(z.string(), fieldValueSchema),
    actor: alertActorSchema.nullable(),
    ancestry: z.array(ancestorSchema).readonly(),
    change: alertChangeSchema.nullable(),
    /** How many equal hits this alert stands for. */
    count: z.number().int().positive(),
  })
  .readonly();
export type Alert = z.infer<typeof alertSchema>;
