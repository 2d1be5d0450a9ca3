import type { Kysely } from 'kysely';
import { initial } from './0001-initial.ts';

/** Step n brings a database from version n to n + 1; a step that was released is never edited. */
export const LADDER: readonly ((db: Kysely<never>) => Promise<void>)[] = [initial];
