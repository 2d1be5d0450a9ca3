import * as z from 'zod';
import { actorOf } from '../../access/principal.ts';
import { passes } from '../../store/alerts.ts';
import type { Store } from '../../store/store.ts';
import { RESOLUTIONS, STATUSES, type TriageDesk } from '../../triage/triage.ts';
import { changedIn, entityTag } from '../entity-tag.ts';
import { noQuery } from '../queries.ts';
import { Refused } from '../refused.ts';
import { Answered, JSON_TYPE, type Route, route } from '../route.ts';
import { alertFilters, alertParams, noteAnswer, triageAnswer } from './alerts.ts';

const MAX_ASSIGNEE = 255;
/** Characters of a note. */
const MAX_NOTE = 8_000;
/** Alerts that one request changes. */
const MAX_BULK = 500;

const changes = {
  status: z.enum(STATUSES).optional(),
  resolution: z.enum(RESOLUTIONS).optional().describe('With the status `closed`, and only with it.'),
  assignee: z.string().min(1).max(MAX_ASSIGNEE).nullable().optional().describe('Null for nobody.'),
} as const;

interface Change {
  readonly status?: (typeof STATUSES)[number] | undefined;
  readonly resolution?: string | undefined;
  readonly assignee?: string | null | undefined;
}

function refuseHalfChange({ status, resolution, assignee }: Change): void {
  const refusal =
    (status === 'closed') !== (resolution !== undefined)
      ? 'resolution: is given with the status closed, and only with it'
      : status === undefined && assignee === undefined
        ? 'there is nothing to change'
        : null;
  if (refusal !== null) throw new Refused(400, refusal, { code: 'bad-body' });
}

/** The state that a change is for, said by the body or by If-Match. */
function seenOf(changed: string | null | undefined, ifMatch: string | undefined): string | null {
  if (ifMatch !== undefined && changed === undefined) return changedIn(ifMatch);
  if (ifMatch === undefined && changed !== undefined) return changed;
  throw new Refused(400, 'changed: either it or If-Match is needed', { code: 'bad-body' });
}

function changeRoute(desk: TriageDesk): Route {
  return route({
    method: 'PATCH',
    path: '/api/v1/alerts/:id',
    permission: 'triage',
    summary: 'Says what an alert is, and whose.',
    query: noQuery,
    params: alertParams,
    body: z.strictObject({
      ...changes,
      changed: z.iso
        .datetime()
        .nullable()
        .optional()
        .describe('`triage.changed` as it was seen. Either this or If-Match is needed.'),
    }),
    tagged: 'takes and answers',
    answer: z.object({ triage: triageAnswer }),
    refusals: {
      404: 'There is no such alert.',
      409: 'Somebody else changed it; look again.',
      412: 'Somebody else changed it, and If-Match was given; look again.',
    },
    handle: async ({ params: { id }, body: { changed, ...change }, ifMatch, principal }) => {
      refuseHalfChange(change);
      const seen = seenOf(changed, ifMatch);
      const result = await desk.change(id, seen, change, actorOf(principal));
      if (result.kind === 'unknown') throw new Refused(404, 'there is no such alert');
      const { triage } = result;
      if (result.kind === 'changed') {
        const headers = { 'content-type': JSON_TYPE, etag: entityTag(triage.changed) };
        return new Answered(JSON.stringify({ triage }), { headers });
      }
      const status = ifMatch === undefined ? 409 : 412;
      throw new Refused(status, `${triage.changed_by ?? 'nobody'} changed it; look again`);
    },
  });
}

function noteRoute(desk: TriageDesk): Route {
  return route({
    method: 'POST',
    path: '/api/v1/alerts/:id/notes',
    permission: 'triage',
    summary: 'Adds a note to an alert.',
    query: noQuery,
    params: alertParams,
    body: z.strictObject({ text: z.string().trim().min(1).max(MAX_NOTE) }),
    answer: noteAnswer,
    refusals: { 404: 'There is no such alert, or it has a thousand notes.' },
    handle: async ({ params, body, principal }) => {
      const note = await desk.addNote(params.id, body.text, actorOf(principal));
      if (note !== null) return note;
      throw new Refused(404, 'there is no such alert, or it has a thousand notes');
    },
  });
}

const bulkBody = z.strictObject({
  ids: z.array(alertParams.shape.id).min(1).max(MAX_BULK).optional(),
  filter: z
    .strictObject(alertFilters)
    .optional()
    .describe(`Instead of ids: what the alerts have in common; refused where over ${MAX_BULK} do.`),
  ...changes,
});

async function idsOf(store: Store, { ids, filter }: z.infer<typeof bulkBody>): Promise<readonly string[]> {
  if ((ids === undefined) === (filter === undefined)) {
    throw new Refused(400, 'either ids or a filter is needed', { code: 'bad-body' });
  }
  if (ids !== undefined) return [...new Set(ids)];
  const found = await store.db
    .selectFrom('alerts')
    .select('id')
    .where((eb) => passes(eb, { after: 0, ...filter }))
    .limit(MAX_BULK + 1)
    .execute();
  if (found.length <= MAX_BULK) return found.map(({ id }) => id);
  throw new Refused(409, `the filter fits over ${MAX_BULK} alerts`, { code: 'too-many' });
}

function bulkRoute(store: Store, desk: TriageDesk): Route {
  return route({
    method: 'POST',
    path: '/api/v1/alerts/bulk',
    permission: 'triage',
    summary: 'Says of many alerts at once what they are, and whose, whatever was said before.',
    query: noQuery,
    body: bulkBody,
    answer: z.object({ changed: z.array(z.string()), unknown: z.array(z.string()) }),
    refusals: { 409: `The filter fits over ${MAX_BULK} alerts.` },
    handle: async ({ body, principal }) => {
      const { ids: _, filter: __, ...change } = body;
      refuseHalfChange(change);
      const asked = await idsOf(store, body);
      const changed = await desk.changeAll(asked, change, actorOf(principal));
      const known = new Set(changed);
      return { changed, unknown: asked.filter((id) => !known.has(id)) };
    },
  });
}

/** What people say of alerts. */
export function triageRoutes(store: Store, desk: TriageDesk): readonly Route[] {
  return [changeRoute(desk), noteRoute(desk), bulkRoute(store, desk)];
}
