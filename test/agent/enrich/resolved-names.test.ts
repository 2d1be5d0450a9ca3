import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResolvedNames } from '../../../agent/enrich/resolved-names.ts';
import { Destinations } from '../../../agent/state/destinations.ts';

test('an address stands for the names that gave it, for an hour', async () => {
  let now = 0;
  const answers: Record<string, readonly string[]> = { a: ['192.0.2.1', '2001:db8::1'], b: ['192.0.2.1'] };
  const asked: string[] = [];
  const names = new ResolvedNames(
    async (name) => {
      asked.push(name);
      const answer = answers[name];
      if (answer === undefined) throw new Error('ENOTFOUND');
      return answer;
    },
    () => now,
  );
  await names.follow([]);
  assert.deepEqual(asked, []);
  await names.follow(['a', 'b', 'gone']);
  assert.deepEqual(names.namesOf('192.0.2.1'), ['a', 'b']);
  assert.deepEqual(names.namesOf('2001:db8::1'), ['a']);
  assert.deepEqual(names.namesOf('192.0.2.2'), []);
  await names.follow(['a', 'b', 'gone']);
  assert.deepEqual(asked, ['a', 'b', 'gone'], 'what is followed already is asked again by the clock only');
  now = 3_600_001;
  assert.deepEqual(names.namesOf('192.0.2.1'), []);
  names.stop();
});

test('a resolver that does not answer holds nothing up', { timeout: 180_000 }, async () => {
  const names = new ResolvedNames(() => new Promise(() => {}));
  await names.follow(['a']);
  names.stop();
});

test('a destination is new once, and what is kept is asked once', () => {
  const kept = new Set(['destination:s:192.0.2.9:1']);
  let asked = 0;
  const destinations = new Destinations((key) => {
    asked += 1;
    return !kept.has(key);
  });
  const to = (address: string, port = 1) => destinations.first('s', { address, port });
  assert.deepEqual(
    [to('192.0.2.1'), to('192.0.2.1'), to('192.0.2.1', 2), to('192.0.2.9'), to('192.0.2.9')],
    [true, false, true, false, false],
  );
  assert.equal(asked, 3);
});
