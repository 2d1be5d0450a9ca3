import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Clones } from '../../../central/silence/clones.ts';
import type { OwnEvent } from '../../../central/silence/own-alerts.ts';
import { silenceSettings } from '../../../central/silence/settings.ts';
import { openStore } from '../../../central/store/store.ts';
import { workDirectory } from '../bench.ts';
import { AGENT, OTHER_AGENT } from '../samples.ts';

test('a copy of an identity is told once with its host, and its many attempts are folded', async (context) => {
  const store = await openStore(join(workDirectory(context), 'central.db'));
  context.after(() => store.close());
  await store.registerAgent({ id: AGENT, version: '1', host: 'build-7', os: 'o' }, new Date(0).toISOString());
  const raised: OwnEvent[] = [];
  let now = 0;
  const clones = new Clones({
    store,
    raise: (event) => raised.push(event),
    settings: silenceSettings({ fold_ms: 60_000 }),
    clock: () => now,
    monotonic: () => now,
  });
  for (; now <= 60_000; now += 1_000) await clones.noticed(AGENT, 'an older copy');
  await clones.noticed(OTHER_AGENT, 'an older copy');
  assert.deepEqual(
    raised.map(({ host, count }) => [host, count]),
    [
      ['build-7', 1],
      ['build-7', 60],
      [OTHER_AGENT, 1],
    ],
  );
  assert.deepEqual(raised[0]?.fields, {
    'agent.event': 'cloned',
    'agent.id': AGENT,
    'agent.detail': 'an older copy',
  });
});
