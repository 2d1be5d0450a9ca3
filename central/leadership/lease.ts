import { type Kysely, type Selectable, sql } from 'kysely';
import type { Schema } from '../store/schema.ts';

/** What one node of several does at a time. */
export type Duty = 'feeds' | 'rollouts';

/** Milliseconds without a renewal after which another node does a duty that must not rest. */
export const SILENT_MS = 5_000;

/** This session at PostgreSQL, told from a later one of the same process id; as text. */
const OWN_SESSION = sql<string>`(
  SELECT concat(pid, ' ', extract(epoch FROM backend_start)) FROM pg_stat_activity WHERE pid = pg_backend_pid())`;

interface LeaseParts {
  readonly db: Kysely<Schema>;
  readonly duty: Duty;
  /** Name of this node, for people to read. */
  readonly node: string;
  /** Milliseconds without a renewal after which others may take the lease; 0 where there is no other node. */
  readonly silentMs: number;
  /** Whether it is over as well once its holder's session at PostgreSQL has ended: that of a process that was killed. */
  readonly followsSession: boolean;
  /** Milliseconds that no setting of the clock moves. */
  readonly monotonic: () => number;
}

/** A lease that others hold, as it was when it last changed, and when that was seen. */
interface Sighting {
  readonly term: number;
  readonly beat: number;
  readonly at: number;
}

/**
 * A duty that one node has at a time: a row that its holder renews. A lease that did not change for `silentMs` by the clock
 * of who watches is over, so that neither clocks nor the holder's connection need to be trusted. Each holder has a higher
 * term than all before: what it writes carries the term, and a holder that slept through its own end is refused there.
 */
export class Lease {
  readonly #parts: LeaseParts;
  #term: number | null = null;
  #seen: Sighting | null = null;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  get duty(): Duty {
    return this.#parts.duty;
  }

  /** Whether no other node can be there, so that a lease once taken need not be renewed. */
  get isAlone(): boolean {
    return this.#parts.silentMs === 0;
  }

  /** Renews the lease, or takes it where it is free. Answers the term; null while another holds it. @throws whatever the database throws */
  async take(): Promise<number | null> {
    this.#term = this.#term !== null && (await this.#renew(this.#term)) ? this.#term : await this.#seize();
    return this.#term;
  }

  /** Lets others take it at once. @throws whatever the database throws */
  async release(): Promise<void> {
    if (this.#term === null) return;
    await this.#change(this.#term).set({ node: '' }).execute();
    this.#term = null;
  }

  async #renew(term: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#change(term)
      .set((update) => ({ beat: update('beat', '+', 1), session: this.#session }))
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async #seize(): Promise<number | null> {
    const { node, silentMs } = this.#parts;
    const row = await readLease(this.#parts.db, this.#parts.duty);
    if (row === null) return (await this.#create()) ? 1 : null;
    const { term, beat } = row;
    const now = this.#parts.monotonic();
    if (this.#seen?.term !== term || this.#seen.beat !== beat) this.#seen = { term, beat, at: now };
    const isOver = row.node === '' || now - this.#seen.at >= silentMs || (await this.#isGone(row.session));
    if (!isOver) return null;
    const { numUpdatedRows } = await this.#change(term)
      .set({ node, term: term + 1, beat: 0, session: this.#session })
      .where('beat', '=', beat)
      .executeTakeFirst();
    return numUpdatedRows === 1n ? term + 1 : null;
  }

  async #create(): Promise<boolean> {
    const { db, duty, node } = this.#parts;
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('leases')
      .values({ duty, node, term: 1, beat: 0, session: this.#session })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  get #session() {
    return this.#parts.followsSession ? OWN_SESSION : '';
  }

  /** What another user of the database may not see of a session counts as the same. */
  async #isGone(session: string): Promise<boolean> {
    if (session === '' || !this.#parts.followsSession) return false;
    const { rows } = await sql`
      SELECT 1 FROM pg_stat_activity
      WHERE pid::text = split_part(${session}, ' ', 1)
        AND coalesce(extract(epoch FROM backend_start)::text = split_part(${session}, ' ', 2), true)
    `.execute(this.#parts.db);
    return rows.length === 0;
  }

  #change(term: number) {
    const { db, duty } = this.#parts;
    return db.updateTable('leases').where('duty', '=', duty).where('term', '=', term);
  }
}

/** A lease as it stands; null where nobody ever held it. `node` is empty where it is free. */
export async function readLease(
  db: Kysely<Schema>,
  duty: Duty,
): Promise<Selectable<Schema['leases']> | null> {
  const row = await db.selectFrom('leases').selectAll().where('duty', '=', duty).executeTakeFirst();
  return row ?? null;
}
