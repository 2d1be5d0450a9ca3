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

  async moveCursor(position: number): Promise<void> {
    await this.#db
      .insertInto('feeds')
      .values({ name: this.#feed, position })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ position }))
      .execute();
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

  /** Keeps what was rejected; a second rejection of one alert replaces the reason. Answers how many are kept now. */
  async bury(rejected: readonly Rejection[], time: string): Promise<number> {
    if (rejected.length > 0) {
      await this.#db
        .insertInto('dead_letters')
        .values(
          rejected.map(({ record, reason }) => ({
            feed: this.#feed,
            position: record.position,
            alert: record.alert.id,
            time,
            reason: reason.slice(0, MAX_REASON_CHARACTERS),
          })),
        )
        .onConflict((conflict) =>
          conflict
            .columns(['feed', 'position'])
            .doUpdateSet((update) => ({ reason: update.ref('excluded.reason') })),
        )
        .execute();
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
}

/** Refuses to go on where a feed holds as many dead letters as it may. @throws {CentralError} */
export function checkRoom(deadLetters: number): void {
  if (deadLetters < MAX_DEAD_LETTERS) return;
  throw new CentralError('CENTRAL_FEED_DEAD_LETTERS_FULL', `${deadLetters} alerts were refused for good`, {
    hint: 'look at their reasons, mend the feed or the receiver, then replay or discard them',
  });
}
