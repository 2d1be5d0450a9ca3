import { randomUUID } from 'node:crypto';
import type { Insertable, Kysely, Selectable, Transaction } from 'kysely';
import type { AuditLog, Deed } from '../audit/audit-log.ts';
import type { Schema } from '../store/schema.ts';

export const STATUSES = ['new', 'acknowledged', 'in_progress', 'closed'] as const;
export const RESOLUTIONS = ['true_positive', 'false_positive', 'benign'] as const;
type Status = (typeof STATUSES)[number];
type Resolution = (typeof RESOLUTIONS)[number];

/** Notes of one alert. */
const MAX_NOTES = 1_000;
/** Rows of one statement, so that its parameters stay under every limit. */
const ROWS_PER_STATEMENT = 500;

/** What is said of an alert. */
export interface Triage {
  readonly status: Status;
  /** How it was closed; null while it is open. */
  readonly resolution: Resolution | null;
  readonly assignee: string | null;
  /** Null where nobody has touched it. */
  readonly changed: string | null;
  readonly changed_by: string | null;
}

/** What is to be said from now on; what is absent stays. */
export interface TriageChange {
  readonly status?: Status | undefined;
  /** Given where, and only where, the status becomes `closed`. */
  readonly resolution?: Resolution | undefined;
  /** Null for nobody. */
  readonly assignee?: string | null | undefined;
}

export type Note = Selectable<Schema['notes']>;

export type Changed =
  | { readonly kind: 'changed'; readonly triage: Triage }
  | { readonly kind: 'unknown' }
  /** Somebody else changed it in between; `triage` is what it is now. */
  | { readonly kind: 'outdated'; readonly triage: Triage };

const UNTOUCHED: Triage = {
  status: 'new',
  resolution: null,
  assignee: null,
  changed: null,
  changed_by: null,
};

function triageOf(row: Selectable<Schema['triage']> | undefined): Triage {
  if (row === undefined) return UNTOUCHED;
  const { assignee, changed, changed_by } = row;
  return {
    status: STATUSES.find((status) => status === row.status) ?? 'new',
    resolution: RESOLUTIONS.find((resolution) => resolution === row.resolution) ?? null,
    assignee,
    changed,
    changed_by,
  };
}

/** The triage of those of these alerts that somebody has touched. */
export async function triageOfAlerts(
  db: Kysely<Schema>,
  alerts: readonly string[],
): Promise<ReadonlyMap<string, Triage>> {
  if (alerts.length === 0) return new Map();
  const rows = await db.selectFrom('triage').selectAll().where('alert', 'in', alerts).execute();
  return new Map(rows.map((row) => [row.alert, triageOf(row)]));
}

/** The notes of an alert, the oldest first. */
export async function notesOf(db: Kysely<Schema>, alert: string): Promise<readonly Note[]> {
  return await db
    .selectFrom('notes')
    .selectAll()
    .where('alert', '=', alert)
    .orderBy('time')
    .orderBy('id')
    .limit(MAX_NOTES)
    .execute();
}

async function existing(db: Kysely<Schema>, alerts: readonly string[]): Promise<readonly string[]> {
  if (alerts.length === 0) return [];
  const rows = await db.selectFrom('alerts').select('id').where('id', 'in', alerts).execute();
  return rows.map(({ id }) => id);
}

/** What people say of alerts. Each change stands in the audit log, in the same transaction. */
export class TriageDesk {
  readonly #audit: AuditLog;
  readonly #clock: () => number;

  constructor(audit: AuditLog, clock: () => number) {
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Changes one alert's triage, where it is still what the caller has `seen`: its `changed`, null for untouched. */
  async change(alert: string, seen: string | null, change: TriageChange, actor: string): Promise<Changed> {
    return await this.#audit.within<Changed>(async (db) => {
      const nothing = (answer: Changed) => ({ answer, deed: null });
      if ((await existing(db, [alert])).length === 0) return nothing({ kind: 'unknown' });
      const before = (await triageOfAlerts(db, [alert])).get(alert) ?? UNTOUCHED;
      if (before.changed !== seen) return nothing({ kind: 'outdated', triage: before });
      const row = this.#rowOf(alert, before, change, actor);
      if (!(await replace(db, row, seen))) {
        const triage = (await triageOfAlerts(db, [alert])).get(alert) ?? UNTOUCHED;
        return nothing({ kind: 'outdated', triage });
      }
      const detail = detailOf(change);
      return {
        answer: { kind: 'changed', triage: triageOf(row) },
        deed: { actor, action: 'alert.triage', subject: alert, detail },
      };
    });
  }

  /** Changes many at once, whatever they were. Answers the ids that there are. */
  async changeAll(
    alerts: readonly string[],
    change: TriageChange,
    actor: string,
  ): Promise<readonly string[]> {
    return await this.#audit.within(async (db) => {
      const found = await existing(db, alerts);
      if (found.length === 0) return { answer: found, deed: null };
      const before = await triageOfAlerts(db, found);
      const rows = found.map((id) => this.#rowOf(id, before.get(id) ?? UNTOUCHED, change, actor));
      for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
        await db
          .insertInto('triage')
          .values(rows.slice(start, start + ROWS_PER_STATEMENT))
          .onConflict((conflict) =>
            conflict.column('alert').doUpdateSet((eb) => ({
              status: eb.ref('excluded.status'),
              resolution: eb.ref('excluded.resolution'),
              assignee: eb.ref('excluded.assignee'),
              changed: eb.ref('excluded.changed'),
              changed_by: eb.ref('excluded.changed_by'),
            })),
          )
          .execute();
      }
      const detail = { ...detailOf(change), alerts: found };
      return { answer: found, deed: { actor, action: 'alert.triage-bulk', subject: '', detail } };
    });
  }

  /** Adds a note; null where there is no such alert, or it has too many. */
  async addNote(alert: string, text: string, actor: string): Promise<Note | null> {
    const note = { id: randomUUID(), alert, time: this.#now(), author: actor, text };
    return await this.#audit.within<Note | null>(async (db) => {
      const isRoom = (await notesOf(db, alert)).length < MAX_NOTES;
      if (!isRoom || (await existing(db, [alert])).length === 0) return { answer: null, deed: null };
      await db.insertInto('notes').values(note).execute();
      const deed: Deed = { actor, action: 'alert.note', subject: alert, detail: { note: note.id } };
      return { answer: note, deed };
    });
  }

  #rowOf(
    alert: string,
    before: Triage,
    { status, resolution, assignee }: TriageChange,
    actor: string,
  ): Selectable<Schema['triage']> {
    return {
      alert,
      status: status ?? before.status,
      resolution: status === undefined ? before.resolution : (resolution ?? null),
      assignee: assignee === undefined ? before.assignee : assignee,
      changed: this.#after(before.changed),
      changed_by: actor,
    };
  }

  /** Now, but later than what was before: two states of a row never bear the same time. */
  #after(before: string | null): string {
    const earliest = before === null ? 0 : Date.parse(before) + 1;
    return new Date(Math.max(this.#clock(), earliest)).toISOString();
  }

  #now(): string {
    return new Date(this.#clock()).toISOString();
  }
}

function detailOf({ status, resolution, assignee }: TriageChange): Deed['detail'] {
  return {
    ...(status === undefined ? {} : { status }),
    ...(resolution === undefined ? {} : { resolution }),
    ...(assignee === undefined ? {} : { assignee }),
  };
}

/** Whether the row was still what the caller has seen, and is the new one now. */
async function replace(
  db: Transaction<Schema>,
  row: Insertable<Schema['triage']>,
  seen: string | null,
): Promise<boolean> {
  if (seen === null) {
    const added = await db
      .insertInto('triage')
      .values(row)
      .onConflict((conflict) => conflict.column('alert').doNothing())
      .returning('alert')
      .executeTakeFirst();
    return added !== undefined;
  }
  const changed = await db
    .updateTable('triage')
    .set(row)
    .where('alert', '=', row.alert)
    .where('changed', '=', seen)
    .returning('alert')
    .executeTakeFirst();
  return changed !== undefined;
}
