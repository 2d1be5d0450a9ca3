import type { Kysely } from 'kysely';
import * as z from 'zod';
import type { Schema } from '../store/schema.ts';

const NAME = 'rollout_lease';
const leaseSchema = z.object({ node: z.string(), until: z.number() });

/** Lets one node at a time move rollouts on; one that dies is followed by another once its lease has ended. */
export class Lease {
  readonly #db: Kysely<Schema>;
  readonly #node: string;
  readonly #clock: () => number;

  constructor(db: Kysely<Schema>, node: string, clock: () => number) {
    this.#db = db;
    this.#node = node;
    this.#clock = clock;
  }

  /** Whether this node has the lease for the next `ms` milliseconds. */
  async take(ms: number): Promise<boolean> {
    const now = this.#clock();
    const value = JSON.stringify({ node: this.#node, until: now + ms });
    const row = await this.#db
      .selectFrom('facts')
      .select('value')
      .where('name', '=', NAME)
      .executeTakeFirst();
    if (row === undefined) {
      const { numInsertedOrUpdatedRows } = await this.#db
        .insertInto('facts')
        .values({ name: NAME, value })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    }
    const held = leaseSchema.parse(JSON.parse(row.value));
    if (held.node !== this.#node && held.until > now) return false;
    const { numUpdatedRows } = await this.#db
      .updateTable('facts')
      .set({ value })
      .where('name', '=', NAME)
      .where('value', '=', row.value)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }
}
