import assert from 'node:assert/strict';
import { AGENT, OTHER_AGENT, plainAlert } from '../samples.ts';
import { keep, openFor, PAGE, register, testOnEach } from './databases.ts';

/** Batches that each of the writers stores; a poller that could miss one does so within a few dozen. */
const BATCHES = 150;

testOnEach('a poller misses nothing while several write', async (context, place) => {
  const store = await openFor(context, place);
  // A file has one central; a server may have several.
  const other = typeof place === 'string' ? store : await openFor(context, place);
  await register(store, AGENT, OTHER_AGENT);
  const write = async (writer: typeof store, agent: string) => {
    for (let seq = 1; seq <= 2 * BATCHES; seq += 2) {
      await keep(writer, [plainAlert(seq, {}, agent), plainAlert(seq + 1, {}, agent)], agent);
    }
  };
  let isWriting = true;
  const writing = Promise.all([write(store, AGENT), write(other, OTHER_AGENT)]).finally(() => {
    isWriting = false;
  });
  const seen: string[] = [];
  let after = 0;
  const poll = async () => {
    const page = await store.pageOfAlerts({ after }, PAGE);
    seen.push(...page.map(({ id }) => id));
    after = page.at(-1)?.position ?? after;
  };
  while (isWriting) await poll();
  await writing;
  await poll();
  assert.equal(new Set(seen).size, seen.length);
  assert.equal(seen.length, 4 * BATCHES);
});
