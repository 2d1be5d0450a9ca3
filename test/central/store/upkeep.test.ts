import { Metrics } from '../../../central/metrics.ts';
import { startUpkeep } from '../../../central/store/upkeep.ts';
import { keptLog, until } from '../bench.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { keep, NOW, openFor, PAGE, register, seqsOf, testOnEach } from './databases.ts';

testOnEach('while central runs, new alerts become findable and old ones go', async (context, place) => {
  const store = await openFor(context, place);
  await register(store, AGENT);
  await keep(store, [plainAlert(1)], AGENT, '2020-01-01T00:00:00.000Z');
  const upkeep = startUpkeep({
    store,
    settings: { keep_days: 1, keep_bytes: null, hard_bytes: null },
    feeds: () => [],
    metrics: new Metrics(),
    log: keptLog(),
    clock: () => Date.parse(NOW),
  });
  await until(async () => (await seqsOf(store)).length === 0);
  await keep(
    store,
    Array.from({ length: 499 }, (_, index) => plainAlert(index + 2)),
  );
  upkeep.wake();
  await until(async () => (await store.searchLag()) === 0);
  await keep(store, [plainAlert(501, { user: 'zoe' })]);
  upkeep.wake();
  await until(async () => (await store.searchAlerts('zoe', { after: 0 }, PAGE)).length === 1);
  await upkeep.stop();
});
