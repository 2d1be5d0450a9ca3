import { Readable } from 'node:stream';
import type { Kysely } from 'kysely';
import * as z from 'zod';
import { entriesFrom, pageOfAudit } from '../../audit/pages.ts';
import { verifyAudit } from '../../audit/verification.ts';
import type { Schema } from '../../store/schema.ts';
import { filterText, noQuery, pageRows } from '../queries.ts';
import { Answered, type Route, route } from '../route.ts';

const entryNumber = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const entryAnswer = z.object({
  number: z.number().int(),
  time: z.iso.datetime(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.string().describe('JSON, exactly as it is hashed.'),
  previous: z.string(),
  hash: z.string(),
});

async function* lines(db: Kysely<Schema>, after: number): AsyncGenerator<string> {
  for await (const entry of entriesFrom(db, after)) yield `${JSON.stringify(entry)}\n`;
}

/** The log of what was done. */
export function auditRoutes(db: Kysely<Schema>): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/audit',
      permission: 'administer',
      summary: 'Entries of the audit log, the newest first.',
      query: z.strictObject({
        before: entryNumber.optional().describe('The `next` of an earlier answer.'),
        actor: filterText.optional(),
        action: filterText.optional(),
        subject: filterText.optional(),
        limit: pageRows,
      }),
      answer: z.object({ entries: z.array(entryAnswer), next: z.number().int().nullable() }),
      handle: async ({ query: { before = Number.MAX_SAFE_INTEGER, limit, ...filter } }) => {
        const entries = await pageOfAudit(db, before, filter, limit);
        return { entries, next: entries.at(-1)?.number ?? null };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/audit/export',
      permission: 'administer',
      summary: 'The audit log as NDJSON, the oldest first.',
      query: z.strictObject({ after: entryNumber.default(0).describe('Only entries behind this number.') }),
      answer: 'application/x-ndjson',
      handle: async ({ query }) =>
        new Answered(Readable.from(lines(db, query.after), { objectMode: false }), {
          headers: { 'content-type': 'application/x-ndjson' },
        }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/audit/verification',
      permission: 'administer',
      summary: 'Whether the chain of hashes of the audit log is whole.',
      query: noQuery,
      answer: z.union([
        z.object({ intact: z.literal(true), entries: z.number().int(), head: z.string() }),
        z.object({ intact: z.literal(false), at: z.number().int(), reason: z.string() }),
      ]),
      handle: async () => await verifyAudit(db),
    }),
  ];
}
