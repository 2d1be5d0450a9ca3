import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileFeed } from '../../../central/index.ts';
import { openStore } from '../../../central/store/store.ts';
import { startCentral, workDirectory } from '../bench.ts';
import { call, tokenFor } from './callers.ts';

test('dead letters of a feed are listed and given up, and the audit log says by whom', async (context) => {
  const directory = workDirectory(context);
  const feed = fileFeed(join(directory, 'feed.jsonl'));
  const store = await openStore(join(directory, 'central.db'));
  const letter = {
    feed: feed.name,
    position: 7,
    alert: 'a-7',
    time: '2026-08-01T10:00:00.000Z',
    reason: 'too odd',
  };
  await store.db.insertInto('dead_letters').values(letter).execute();
  await store.close();
  const central = await startCentral(context, directory, { anonymous: 'none', feeds: [feed] });
  const token = await tokenFor(directory, 'admin');
  const path = `/api/v1/feeds/${encodeURIComponent(feed.name)}/dead-letters`;
  const letters = async () => (await call(central, 'GET', path, { token })).body.dead_letters;
  assert.deepEqual(await letters(), [letter]);
  const [shown] = (await call(central, 'GET', '/api/v1/feeds', { token })).body.feeds;
  assert.deepEqual([shown.name, shown.dead_letters, shown.lag_alerts], [feed.name, 1, 0]);
  const body = { positions: [7] };
  assert.equal((await call(central, 'POST', `${path}/discard`, { token, body })).status, 200);
  assert.deepEqual(await letters(), []);
  const audit = await call(central, 'GET', '/api/v1/audit?action=dead-letters.discard', { token });
  assert.equal(audit.body.entries[0].subject, feed.name);
  assert.equal((await call(central, 'GET', '/api/v1/feeds/none/dead-letters', { token })).status, 404);
  assert.equal(
    (await call(central, 'POST', '/api/v1/feeds/none/dead-letters/replay', { token, body })).status,
    404,
  );
});
