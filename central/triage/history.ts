import type { Kysely } from 'kysely';
import type { Severity } from '../../wire/index.ts';
import type { Schema } from '../store/schema.ts';

/** Alerts of one server's history. */
const MAX_HISTORY = 50;

/** An alert in few words. */
export interface BriefAlert {
  readonly id: string;
  readonly time: string;
  readonly host: string;
  readonly name: string;
  readonly level: Severity;
  readonly status: string;
}

/** What a server of an agent raised last, the newest first. */
export async function historyOf(
  db: Kysely<Schema>,
  agent: string,
  server: string,
): Promise<readonly BriefAlert[]> {
  return await db
    .selectFrom('alerts')
    .leftJoin('triage', 'triage.alert', 'alerts.id')
    .select(['alerts.id', 'alerts.time', 'alerts.host', 'alerts.name', 'alerts.level'])
    .select((eb) => eb.fn.coalesce('triage.status', eb.val('new')).as('status'))
    .where('alerts.agent', '=', agent)
    .where('alerts.server_id', '=', server)
    .orderBy('alerts.position', 'desc')
    .limit(MAX_HISTORY)
    .execute();
}
