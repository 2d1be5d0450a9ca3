import * as z from 'zod';
import { alertSchema, SEVERITIES } from '../../../wire/index.ts';
import { MAX_PAGE_BYTES } from '../../limits.ts';
import type { AlertFilter, AlertRecord } from '../../store/alerts.ts';
import type { Store } from '../../store/store.ts';
import { historyOf } from '../../triage/history.ts';
import { notesOf, RESOLUTIONS, STATUSES, type Triage, triageOfAlerts } from '../../triage/triage.ts';
import { entityTag } from '../entity-tag.ts';
import { decodeSince, encodeCursor, filterText, nextKey, noQuery, pageRows } from '../queries.ts';
import { Refused } from '../refused.ts';
import { Answered, JSON_TYPE, type Route, route } from '../route.ts';

const MAX_ALERT_ID = 128;
/** Characters of a search. */
const MAX_SEARCH = 500;

/** Id of an alert in a path. */
export const alertParams = z.strictObject({ id: z.string().min(1).max(MAX_ALERT_ID) });

export const triageAnswer = z.object({
  status: z.enum(STATUSES),
  resolution: z.enum(RESOLUTIONS).nullable(),
  assignee: z.string().nullable(),
  changed: z.iso.datetime().nullable().describe('Give it back with a change; null where nobody touched it.'),
  changed_by: z.string().nullable(),
});

export const noteAnswer = z.object({
  id: z.string(),
  alert: z.string(),
  time: z.iso.datetime(),
  author: z.string(),
  text: z.string(),
});

const briefAnswer = z.object({
  id: z.string(),
  time: z.string(),
  host: z.string(),
  name: z.string(),
  level: z.enum(SEVERITIES),
  status: z.enum(STATUSES),
});

/** What alerts can be filtered by; all that is given must hold. */
export const alertFilters = {
  name: filterText.optional().describe('Name of the rule, exact.'),
  host: filterText.optional().describe('Host of the alert, exact.'),
  agent: filterText.optional().describe('Id of the agent.'),
  server: filterText.optional().describe('Id or name of the server.'),
  client: filterText.optional().describe('Client of the server.'),
  level: z.enum(SEVERITIES).optional().describe('This level and those above it.'),
  status: z.enum(STATUSES).optional().describe('Status by triage; `new` where nobody touched it.'),
  assignee: z.string().max(255).optional().describe('Whose it is; empty for nobody.'),
} as const;

const listQuery = z.strictObject({
  since: z
    .string()
    .max(64)
    .refine((text) => decodeSince(text) !== null, 'is neither an RFC 3339 time nor a cursor')
    .describe('An RFC 3339 time (alerts whose own time is this or later) or the `next` of an earlier answer.')
    .optional(),
  ...alertFilters,
  q: z
    .string()
    .min(1)
    .max(MAX_SEARCH)
    .optional()
    .describe('Words that the alert holds, all of them; `*` behind a word for its beginning. Newest first.'),
  order: z
    .enum(['oldest', 'newest'])
    .optional()
    .describe('By commit: `oldest` for pollers (the default), `newest` for people.'),
  limit: pageRows,
});

type ListQuery = z.infer<typeof listQuery>;

async function recordsFor(store: Store, query: ListQuery, start: number, notBefore: number | null) {
  const { since: _, q, order = q === undefined ? 'oldest' : 'newest', limit, ...filters } = query;
  if (q !== undefined && order === 'oldest') {
    throw new Refused(400, 'order: what is searched for comes newest first', { code: 'bad-query' });
  }
  const place = order === 'oldest' ? { after: start } : { after: 0, ...(start > 0 ? { before: start } : {}) };
  const filter: AlertFilter = {
    ...filters,
    ...place,
    notBefore: notBefore === null ? undefined : new Date(notBefore).toISOString(),
  };
  const size = { rows: limit, bytes: MAX_PAGE_BYTES };
  return q === undefined
    ? await store.pageOfAlerts(filter, size, order)
    : await store.searchAlerts(q, filter, size);
}

/** Bodies are JSON already; parsing them only to print them again would double the work. */
function bodyWithTriage({ id, body }: AlertRecord, triage: ReadonlyMap<string, Triage>): string {
  const known = triage.get(id);
  return known === undefined ? body : `${body.slice(0, -1)},"triage":${JSON.stringify(known)}}`;
}

function listRoute(store: Store): Route {
  return route({
    method: 'GET',
    path: '/api/v1/alerts',
    permission: 'read',
    summary: 'Alerts, in the order of commit.',
    query: listQuery,
    answer: z.object({
      alerts: z.array(z.object({ ...alertSchema.unwrap().shape, triage: triageAnswer.optional() })),
      next: nextKey,
    }),
    handle: async ({ query }) => {
      const start = (query.since === undefined ? null : decodeSince(query.since)) ?? {
        position: 0,
        notBefore: null,
      };
      if (start.position > 0 && start.position > (await store.newestPosition())) {
        throw new Refused(400, 'since: this cursor was not given by this database', {
          code: 'unknown-cursor',
        });
      }
      const page = await recordsFor(store, query, start.position, start.notBefore);
      const last = page.at(-1);
      const next = last === undefined ? null : encodeCursor({ ...start, position: last.position });
      const triage = await triageOfAlerts(
        store.db,
        page.map(({ id }) => id),
      );
      const bodies = page.map((record) => bodyWithTriage(record, triage)).join(',');
      return new Answered(`{"alerts":[${bodies}],"next":${JSON.stringify(next)}}`, {
        headers: { 'content-type': JSON_TYPE },
      });
    },
  });
}

function oneRoute(store: Store): Route {
  return route({
    method: 'GET',
    path: '/api/v1/alerts/:id',
    permission: 'read',
    summary: 'One alert, what was said of it, and what else its server raised on that host.',
    query: noQuery,
    params: alertParams,
    answer: z.object({
      alert: alertSchema,
      triage: triageAnswer,
      notes: z.array(noteAnswer),
      history: z.array(briefAnswer).describe('Alerts of the same server on the same host, the newest first.'),
    }),
    tagged: 'answers',
    refusals: { 404: 'There is no such alert.' },
    handle: async ({ params: { id } }) => {
      const { db } = store;
      const row = await db.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst();
      if (row === undefined) throw new Refused(404, 'there is no such alert');
      const untouched = { status: 'new', resolution: null, assignee: null, changed: null, changed_by: null };
      const triage = (await triageOfAlerts(db, [id])).get(id) ?? untouched;
      const answer = {
        alert: JSON.parse(row.body),
        triage,
        notes: await notesOf(db, id),
        history: row.server_id === null ? [] : await historyOf(db, row.agent, row.server_id),
      };
      const headers = { 'content-type': JSON_TYPE, etag: entityTag(triage.changed) };
      return new Answered(JSON.stringify(answer), { headers });
    },
  });
}

/** Alerts, to look at. */
export function alertRoutes(store: Store): readonly Route[] {
  return [listRoute(store), oneRoute(store)];
}
