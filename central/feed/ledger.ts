import type { Kysely, Selectable } from 'kysely';
import { CentralError } from '../errors.ts';
import { type AlertRecord, recordsAt } from '../store/alerts.ts';
import type { Schema } from '../store/schema.ts';
import type { Rejection } from './sink.ts';

/** Dead letters that a feed keeps; at this many it stops, rather than lose what nobody looked at. */
export const MAX_DEAD_LETTERS = 10_000;
/** Characters of a reason that are kept. */
const MAX_REASON_CHARACTERS = 500;

export type DeadLetter = Selectable<Schema['dead_letters']>;

/** Cursor and dead letters of one feed in the store. */
export class Ledger {
  readonly #db: Kysely<Schema>;
  readonly #feed: string;

  constructor(db: Kysely<Schema>, feed: string) {
    this.#db = db;
    this.#feed = feed;
  }

  /** Position up to which the feed is done; null for a feed that was never run. */
  async cursor(): Promise<number | null> {
    const row = await this.#db
      .selectFrom('feeds')
      .select('position')
      .where('name', '=', this.#feed)
      .executeTakeFirst();
    return row === undefined ? null : Number(row.position);
  }

  /**
   * Takes the cursor over for a term: from then on no earlier one moves it. A feed that was never run begins at `start`.
   * Answers where the cursor is. @throws {CentralError} CENTRAL_FEED_LED_ELSEWHERE where a later term has it
   */
  async take(term: number, start: number): Promise<number> {
    await this.#db
      .insertInto('feeds')
      .values({ name: this.#feed, position: start, term })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    const row = await this.#db
      .updateTable('feeds')
      .set({ term })
      .where('name', '=', this.#feed)
      .where('term', '<=', term)
      .returning('position')
      .executeTakeFirst();
    if (row === undefined) throw ledElsewhere(this.#feed);
    return Number(row.position);
  }

  /** Moves the cursor within the term that took it. @throws {CentralError} CENTRAL_FEED_LED_ELSEWHERE: it is as it was */
  async moveCursor(term: number, position: number): Promise<void> {
    await this.#change(this.#db, term, { position });
  }

  /** When the oldest alert behind a position was received; null where there is none. */
  async oldestBehind(position: number): Promise<string | null> {
    const row = await this.#db
      .selectFrom('alerts')
      .select('received')
      .where('position', '>', position)
      .orderBy('position')
      .limit(1)
      .executeTakeFirst();
    return row?.received ?? null;
  }

  /** Groups of agents by id. */
  async groupsOf(agents: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const ids = [...new Set(agents)];
    const rows = await this.#db.selectFrom('agents').select(['id', 'grp']).where('id', 'in', ids).execute();
    return new Map(rows.map((row) => [row.id, row.grp]));
  }

  async countDeadLetters(): Promise<number> {
    const { count } = await this.#db
      .selectFrom('dead_letters')
      .select((select) => select.fn.countAll<number | string>().as('count'))
      .where('feed', '=', this.#feed)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /**
   * Keeps what was rejected; a second rejection of one alert replaces the reason. Answers how many are kept now.
   * @throws {CentralError} CENTRAL_FEED_LED_ELSEWHERE where a later term has the feed: nothing is kept
   */
  async bury(term: number, rejected: readonly Rejection[], time: string): Promise<number> {
    if (rejected.length > 0) {
      const letters = rejected.map(({ record, reason }) => ({
        feed: this.#feed,
        position: record.position,
        alert: record.alert.id,
        time,
        reason: reason.slice(0, MAX_REASON_CHARACTERS),
      }));
      await this.#db.transaction().execute(async (transaction) => {
        await this.#change(transaction, term, { term });
        await transaction
          .insertInto('dead_letters')
          .values(letters)
          .onConflict((conflict) =>
            conflict
              .columns(['feed', 'position'])
              .doUpdateSet((update) => ({ reason: update.ref('excluded.reason') })),
          )
          .execute();
      });
    }
    return await this.countDeadLetters();
  }

  /** The next dead letters behind a position, in the order of their alerts. */
  async deadLetters(after: number, rows: number): Promise<readonly DeadLetter[]> {
    const letters = await this.#db
      .selectFrom('dead_letters')
      .selectAll()
      .where('feed', '=', this.#feed)
      .where('position', '>', after)
      .orderBy('position')
      .limit(rows)
      .execute();
    return letters.map((letter) => ({ ...letter, position: Number(letter.position) }));
  }

  /** Forgets dead letters: those of the alerts at these positions, or all. */
  async forget(positions: readonly number[] | null): Promise<void> {
    if (positions !== null && positions.length === 0) return;
    let query = this.#db.deleteFrom('dead_letters').where('feed', '=', this.#feed);
    if (positions !== null) query = query.where('position', 'in', positions);
    await query.execute();
  }

  /** The alerts at positions that are still stored. */
  async alertsAt(positions: readonly number[]): Promise<readonly AlertRecord[]> {
    return await recordsAt(
      this.#db,
      [...positions].sort((a, b) => a - b),
    );
  }

  /** Changes the row of the feed, which nobody else can until the transaction ends, unless a later term has it. */
  async #change(
    db: Kysely<Schema>,
    term: number,
    values: { readonly position: number } | { readonly term: number },
  ): Promise<void> {
    const { numUpdatedRows } = await db
      .updateTable('feeds')
      .set(values)
      .where('name', '=', this.#feed)
      .where('term', '=', term)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw ledElsewhere(this.#feed);
  }
}

function ledElsewhere(feed: string): CentralError {
  return new CentralError('CENTRAL_FEED_LED_ELSEWHERE', `another node runs the feed ${JSON.stringify(feed)}`);
}
