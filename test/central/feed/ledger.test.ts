import assert from 'node:assert/strict';
import { Ledger } from '../../../central/feed/ledger.ts';
import { plainAlert } from '../samples.ts';
import { coded, NOW, openFor, testOnEach } from '../store/databases.ts';
import { recordOf } from './bench.ts';

const refused = coded('CENTRAL_FEED_LED_ELSEWHERE');

testOnEach(
  'once a later term took a feed over, an earlier one moves its cursor neither back nor forth',
  async (context, place) => {
    const { db } = await openFor(context, place);
    const ledger = new Ledger(db, 'siem');
    assert.equal(await ledger.take(1, 5), 5, 'a feed that was never run begins where it is told');
    await ledger.moveCursor(1, 10);
    assert.equal(await ledger.take(2, 0), 10);
    for (const position of [7, 10, 99]) await assert.rejects(ledger.moveCursor(1, position), refused);
    await assert.rejects(ledger.take(1, 0), refused);
    assert.equal(await ledger.cursor(), 10);
    await ledger.moveCursor(2, 11);
    assert.equal(await ledger.take(2, 0), 11, 'who leads again in its own term');
    assert.equal(await ledger.cursor(), 11);
  },
);

testOnEach('an earlier term adds no dead letters to what a later one runs', async (context, place) => {
  const { db } = await openFor(context, place);
  const ledger = new Ledger(db, 'siem');
  const rejection = (seq: number) => ({ record: recordOf(plainAlert(seq)), reason: 'too odd' });
  await ledger.take(1, 0);
  assert.equal(await ledger.bury(1, [rejection(1)], NOW), 1);
  await ledger.take(2, 0);
  await assert.rejects(ledger.bury(1, [rejection(2)], NOW), refused);
  assert.equal(await ledger.bury(2, [rejection(3)], NOW), 2);
  assert.deepEqual(
    (await ledger.deadLetters(0, 10)).map(({ position }) => position),
    [1, 3],
  );
});
