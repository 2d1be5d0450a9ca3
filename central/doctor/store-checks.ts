import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { Ledger } from '../feed/ledger.ts';
import type { FeedSettings } from '../feed/settings.ts';
import { readLease, SILENT_MS } from '../leadership/lease.ts';
import { ownAgents } from '../store/fleet.ts';
import type { Store } from '../store/store.ts';
import { type Check, degraded, failed, fine } from './check.ts';

/** Alerts that searches may not find yet. */
const MAX_SEARCH_LAG = 20_000;
/** Milliseconds that a feed may be behind. */
const FEED_LAG_MS = 10 * 60_000;
/** Milliseconds by which what is stored may be ahead of the clock. */
const CLOCK_LEAD_MS = 60_000;
/** Milliseconds between two looks whether a lease is renewed. */
const LEASE_LOOK_MS = 250;

/** Version, size, and whether the pages of the database hold together. */
export async function databaseCheck(store: Store, where: string): Promise<Check> {
  const name = 'database';
  const { db, dialect } = store;
  const only = async (text: string) => {
    const { rows } = await sql.raw<Record<string, unknown>>(text).execute(db);
    return Object.values(rows[0] ?? {})[0];
  };
  if (dialect === 'postgres') {
    const version = await only('SHOW server_version');
    const bytes = Number(await only('SELECT pg_database_size(current_database())'));
    return fine(name, `${where}, PostgreSQL ${version}, ${Math.round(bytes / 1024 ** 2)} MiB`);
  }
  const fault = await only('PRAGMA quick_check(1)');
  const version = await only('SELECT sqlite_version()');
  if (fault === 'ok') return fine(name, `${where}, SQLite ${version}, intact`);
  return failed(
    name,
    `${where}: ${fault}`,
    'stop central and restore the newest backup: sealwatch central restore',
  );
}

export async function searchCheck(store: Store): Promise<Check> {
  const lag = await store.searchLag();
  const detail = `${lag} alerts that searches do not find yet`;
  if (lag <= MAX_SEARCH_LAG) return fine('search', detail);
  return degraded('search', detail, 'is central running? it catches up by itself when the load falls');
}

/** Whether the clock of this host fits what is stored. */
export async function clockCheck(store: Store, now: number): Promise<Check> {
  const name = 'clock';
  const row = await store.db
    .selectFrom('agents')
    .select(({ fn }) => fn.max('last_seen').as('last'))
    .executeTakeFirst();
  const last = row?.last ?? null;
  if (last === null || Date.parse(last) <= now + CLOCK_LEAD_MS)
    return fine(name, new Date(now).toISOString());
  return degraded(
    name,
    `now is ${new Date(now).toISOString()}, and an agent was heard at ${last}`,
    'set the clock of this host, by NTP',
  );
}

/** Agents that may connect. */
export async function countAgents(store: Store): Promise<number> {
  const row = await store.db
    .selectFrom('agents')
    .select(({ fn }) => fn.countAll().as('n'))
    .where('revoked', 'is', null)
    .where('id', 'not in', ownAgents(store.db))
    .executeTakeFirst();
  return Number(row?.n ?? 0);
}

/** How far a feed is behind, and what its receiver refused for good. */
export async function feedCheck(store: Store, feed: FeedSettings, now: number): Promise<Check> {
  const name = `feed ${feed.name}`;
  const ledger = new Ledger(store.db, feed.name);
  const cursor = await ledger.cursor();
  if (cursor === null) return degraded(name, 'has never run', 'start central with this config');
  const newest = await store.newestPosition();
  const oldest = newest > cursor ? await ledger.oldestBehind(cursor) : null;
  const dead = await ledger.countDeadLetters();
  const detail = `${Math.max(0, newest - cursor)} alerts behind, ${dead} dead letters`;
  if (oldest !== null && now - Date.parse(oldest) > FEED_LAG_MS)
    return degraded(
      name,
      `${detail}, the oldest since ${oldest}`,
      'look at its receiver; the log of central names the fault',
    );
  if (dead > 0) return degraded(name, detail, 'look at them, then replay or discard them (docs/feeds.md)');
  return fine(name, detail);
}

/** Which node runs the feeds: its lease must change while this watches. Null with SQLite, whose one central does. */
export async function leaderCheck(store: Store): Promise<Check | null> {
  if (store.dialect === 'sqlite') return null;
  const name = 'leader of feeds';
  const before = await readLease(store.db, 'feeds');
  for (let waited = 0; waited < SILENT_MS; waited += LEASE_LOOK_MS) {
    await sleep(LEASE_LOOK_MS);
    const now = await readLease(store.db, 'feeds');
    if (now !== null && now.node !== '' && (now.term !== before?.term || now.beat !== before.beat))
      return fine(name, `${now.node}, term ${now.term}`);
  }
  const last = before === null || before.node === '' ? '' : `; the last was ${before.node}`;
  return failed(name, `no node runs the feeds${last}`, 'start a node with the role feeds');
}
