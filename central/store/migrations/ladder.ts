import type { Kysely } from 'kysely';
import type { Dialect } from '../dialect.ts';
import { initial } from './0001-initial.ts';
import { fleet } from './0002-fleet.ts';
import { search } from './0003-search.ts';
import { leases } from './0004-leases.ts';

export type Step = (db: Kysely<never>, dialect: Dialect) => Promise<void>;

/** Step n brings a database from version n to n + 1; a step that was released is never edited. */
export const LADDER: readonly Step[] = [initial, fleet, search, leases];
