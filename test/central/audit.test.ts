import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuditLog, auditHash } from '../../central/audit/audit-log.ts';
import { entriesFrom, pageOfAudit } from '../../central/audit/pages.ts';
import { verifyAudit } from '../../central/audit/verification.ts';
import { openStore, type Store } from '../../central/store/store.ts';
import { openFor, testOnEach } from './store/databases.ts';

const deed = (subject: string) => ({
  actor: 'cli:test',
  action: 'thing.do',
  subject,
  detail: { why: 'a test' },
});

async function all<T>(of: AsyncIterable<T>): Promise<readonly T[]> {
  const items: T[] = [];
  for await (const item of of) items.push(item);
  return items;
}

async function filled(store: Store, count: number): Promise<AuditLog> {
  const audit = new AuditLog(store.db, Date.now);
  for (let number = 1; number <= count; number += 1) await audit.append(deed(`s${number}`));
  return audit;
}

testOnEach('entries are numbered and chained, and the chain is found whole', async (context, place) => {
  const store = await openFor(context, place);
  assert.deepEqual(await verifyAudit(store.db), { intact: true, entries: 0, head: '0'.repeat(64) });
  await filled(store, 3);
  const entries = await all(entriesFrom(store.db, 0));
  assert.deepEqual(
    entries.map(({ number, subject }) => `${number} ${subject}`),
    ['1 s1', '2 s2', '3 s3'],
  );
  assert.equal(entries[2]?.previous, entries[1]?.hash);
  assert.deepEqual(await verifyAudit(store.db), { intact: true, entries: 3, head: entries[2]?.hash });
  const page = await pageOfAudit(store.db, 3, { action: 'thing.do' }, 1);
  assert.deepEqual(
    page.map(({ number }) => number),
    [2],
  );
});

for (const [name, tamper, at] of [
  [
    'changed',
    (store: Store) => store.db.updateTable('audit').set({ actor: 'x' }).where('number', '=', 2).execute(),
    2,
  ],
  ['taken out', (store: Store) => store.db.deleteFrom('audit').where('number', '=', 2).execute(), 2],
  ['cut off at the end', (store: Store) => store.db.deleteFrom('audit').where('number', '=', 4).execute(), 4],
  [
    'changed with a new hash',
    async (store: Store) => {
      const entry = await store.db
        .selectFrom('audit')
        .selectAll()
        .where('number', '=', 2)
        .executeTakeFirstOrThrow();
      const forged = { ...entry, actor: 'x' };
      await store.db
        .updateTable('audit')
        .set({ ...forged, hash: auditHash(forged) })
        .where('number', '=', 2)
        .execute();
    },
    3,
  ],
  [
    'forged at the end',
    async (store: Store) => {
      const entry = await store.db
        .selectFrom('audit')
        .selectAll()
        .where('number', '=', 4)
        .executeTakeFirstOrThrow();
      const forged = { ...entry, actor: 'x' };
      await store.db
        .updateTable('audit')
        .set({ ...forged, hash: auditHash(forged) })
        .where('number', '=', 4)
        .execute();
    },
    4,
  ],
] as const) {
  testOnEach(`an entry that was ${name} is found`, async (context, place) => {
    const store = await openFor(context, place);
    await filled(store, 4);
    await tamper(store);
    const verdict = await verifyAudit(store.db);
    assert.deepEqual([verdict.intact, 'at' in verdict ? verdict.at : null], [false, at]);
  });
}

testOnEach(
  'a deed whose change fails leaves no entry, and nothing is changed without one',
  async (context, place) => {
    const store = await openFor(context, place);
    const audit = await filled(store, 1);
    const change = audit.within(async (db) => {
      await db.insertInto('facts').values({ name: 'changed', value: 'yes' }).execute();
      throw new Error('on purpose');
    });
    await assert.rejects(change, /on purpose/);
    assert.equal(
      await store.db.selectFrom('facts').selectAll().where('name', '=', 'changed').executeTakeFirst(),
      undefined,
    );
    await audit.append(deed('after'));
    assert.equal((await verifyAudit(store.db)).intact, true);
  },
);

testOnEach('two who write at once make one chain', async (context, place) => {
  const store = await openFor(context, place);
  const other = await openStore(place, 'command');
  context.after(() => other.close());
  const logs = [new AuditLog(store.db, Date.now), new AuditLog(other.db, Date.now)];
  await Promise.all(Array.from({ length: 40 }, (_, index) => logs[index % 2]?.append(deed(String(index)))));
  const verdict = await verifyAudit(store.db);
  assert.deepEqual([verdict.intact, 'entries' in verdict ? verdict.entries : null], [true, 40]);
});

test('the hash of an entry covers every field', () => {
  const entry = { number: 1, time: 't', actor: 'a', action: 'b', subject: 's', detail: '{}', previous: 'p' };
  const hashes = Object.keys(entry).map((key) => auditHash({ ...entry, [key]: 'other' }));
  assert.equal(new Set([...hashes, auditHash(entry)]).size, hashes.length + 1);
});
