import * as z from 'zod';
import { SERVER_STATES } from './server.ts';

/** Characters of one text in a record; longer ones are cut. */
export const MAX_RECORD_TEXT = 4_096;
/** Items of one list in a record; those past it are left out. */
export const MAX_RECORD_ITEMS = 200;
/** Bytes of one record, newline included. */
export const MAX_RECORD_BYTES = 256 * 1024;

const text = z.string().max(MAX_RECORD_TEXT);
const list = z.array(text).max(MAX_RECORD_ITEMS).readonly();
const digest = z.string().regex(/^[0-9a-f]{64}$/);

const base = {
  /** Version of this format. */
  v: z.literal(1),
  /** Milliseconds since the epoch. */
  time: z.number().int().nonnegative(),
  /** The guard that writes it. */
  guard: z.number().int().positive(),
  /** The server it stands in front of; null where no config asks for it. */
  server: z
    .object({ id: text, client: text, name: text, state: z.enum(SERVER_STATES) })
    .readonly()
    .nullable(),
};

/** What the guard of a server records, one line of JSON each; the agent makes events of them. */
export const guardRecordSchema = z.discriminatedUnion('kind', [
  z.object({
    ...base,
    kind: z.literal('launch'),
    outcome: z.enum(['started', 'refused']),
    code: text.nullable(),
    reason: text,
    /** The command line without secrets. */
    command: text,
    /** First process of the server; null where none was started. */
    pid: z.number().int().positive().nullable(),
    /** Names of variables that were not handed on. */
    dropped: list,
  }),
  z.object({
    ...base,
    kind: z.literal('image'),
    /** What was to be loaded or run, and why that was refused. */
    path: text,
    reason: text,
  }),
  z.object({
    ...base,
    kind: z.literal('call'),
    method: text,
    /** Name of the tool or prompt, or the URI of the resource. */
    target: text,
    outcome: z.enum(['allowed', 'refused', 'allowed_by_person']),
    code: text.nullable(),
    reason: text,
    /** SHA-256 of the arguments as JSON; null where there are none. */
    arguments: digest.nullable(),
  }),
  z.object({
    ...base,
    kind: z.literal('tool'),
    change: z.enum(['tool_listed', 'tool_added', 'tool_changed', 'tool_removed']),
    tool: text,
    description: text,
    before: digest.nullable(),
    after: digest.nullable(),
    poison: list,
    shadows: list,
    /** Whether it was kept from the client. */
    hidden: z.boolean(),
  }),
  z.object({
    ...base,
    kind: z.literal('standing'),
    /** Whether calls are let through from now on. */
    allowed: z.boolean(),
    code: text.nullable(),
    reason: text,
  }),
  z.object({
    ...base,
    kind: z.literal('frame'),
    from: z.enum(['client', 'server']),
    fault: text,
    passed: z.boolean(),
    /** How many of them this record stands for: of very many not each is recorded. */
    count: z.number().int().positive(),
  }),
  z.object({
    ...base,
    kind: z.literal('exit'),
    code: z.number().int().nullable(),
    signal: text.nullable(),
  }),
  z.object({
    ...base,
    kind: z.literal('loss'),
    /**
     * `unwritten`: records that could not be written and are nowhere. `removed`: records in files that are gone, by a
     * guard that made room or by somebody else; the agent may have read them before.
     */
    what: z.enum(['unwritten', 'removed']),
    count: z.number().int().positive(),
  }),
]);
export type GuardRecord = Readonly<z.infer<typeof guardRecordSchema>>;
