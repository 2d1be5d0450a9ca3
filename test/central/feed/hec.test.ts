import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { until } from '../bench.ts';
import { certificates, FeedBench, ids, secretFile } from './bench.ts';
import { HEC_TOKEN, HecReceiver } from './receivers/hec-receiver.ts';

interface Scene {
  readonly bench: FeedBench;
  readonly receiver: HecReceiver;
  readonly feed: Record<string, unknown>;
}

async function scene(context: TestContext): Promise<Scene> {
  const bench = new FeedBench(context);
  const tls = certificates(bench.directory);
  const receiver = await HecReceiver.start(context, tls);
  const feed = {
    name: 'splunk',
    type: 'hec',
    url: receiver.http.url,
    token_file: secretFile(bench.directory, 'hec.token', HEC_TOKEN),
    tls: { ca_file: tls.ca, server_name: 'receiver.test' },
    timeout_seconds: 0.5,
  };
  return { bench, receiver, feed };
}

test('HEC gets each alert once, in order', async (context) => {
  const { bench, receiver, feed } = await scene(context);
  await bench.start({ ...feed, index: 'edr' });
  await bench.put(700);
  await bench.caughtUp('splunk');
  assert.deepEqual(receiver.indexed, ids(1, 700));
  const event = JSON.parse(receiver.http.requests[0]?.body.split('\n')[0] ?? '');
  assert.equal(event.index, 'edr');
  assert.equal(event.sourcetype, 'sealwatch:alert');
  assert.equal(event.time, Date.parse(event.event.time) / 1_000);
});

test('a collector that is busy, hangs, cuts the connection or refuses the token loses nothing', async (context) => {
  const { bench, receiver, feed } = await scene(context);
  receiver.faults.push({ status: 503, body: { text: 'Server is busy', code: 9 } }, 'hang', 'reset', {
    status: 403,
    body: { text: 'Token disabled', code: 1 },
  });
  await bench.start(feed);
  await bench.put(10);
  await bench.caughtUp('splunk');
  assert.equal(receiver.faults.length, 0);
  assert.deepEqual(receiver.indexed, ids(1, 10));
  assert.equal((await bench.status('splunk')).deadLetters, 0);
  assert.equal(bench.log.lines.filter((line) => line.startsWith('error the feed fails')).length, 1);
});

test('a wrong index is waited out, and makes no dead letter', async (context) => {
  const { bench, receiver, feed } = await scene(context);
  receiver.hasIndex = false;
  await bench.start({ ...feed, index: 'wrong' });
  await bench.put(1);
  await bench.until('splunk', ({ lastError }) => /Incorrect index/.test(lastError ?? ''));
  receiver.hasIndex = true;
  await bench.caughtUp('splunk');
  assert.deepEqual(receiver.indexed, ids(1, 1));
  assert.equal((await bench.status('splunk')).deadLetters, 0);
});

test('one event that the collector refuses becomes a dead letter, the others arrive, and it can be replayed', async (context) => {
  const { bench, receiver, feed } = await scene(context);
  receiver.poison.add('00112233445566aa-37').add('00112233445566aa-38').add('00112233445566aa-300');
  await bench.start(feed);
  await bench.put(300);
  await bench.caughtUp('splunk');
  const poisoned = new Set(receiver.poison);
  assert.deepEqual(
    receiver.indexed,
    ids(1, 300).filter((id) => !poisoned.has(id)),
  );
  const letters = await bench.feeds.deadLetters('splunk', 0, 10);
  assert.deepEqual(
    letters.map(({ alert }) => alert),
    [...poisoned],
  );
  assert.match(letters[0]?.reason ?? '', /^HTTP 400: .*Invalid data format/);

  receiver.poison.delete('00112233445566aa-38');
  const chosen = letters.slice(0, 2).map(({ position }) => position);
  assert.deepEqual(await bench.feeds.replay('splunk', chosen), { delivered: 1, refused: 1, gone: 0 });
  assert.equal(receiver.indexed.at(-1), '00112233445566aa-38');
  receiver.poison.clear();
  assert.deepEqual(await bench.feeds.replay('splunk', null), { delivered: 2, refused: 0, gone: 0 });
  assert.deepEqual(new Set(receiver.indexed), new Set(ids(1, 300)));
  assert.equal(receiver.indexed.length, 300);
  assert.equal((await bench.status('splunk')).deadLetters, 0);
});

test('dead letters outlive a restart and can be discarded', async (context) => {
  const { bench, receiver, feed } = await scene(context);
  receiver.poison.add('00112233445566aa-2');
  await bench.start(feed);
  await bench.put(3);
  await bench.caughtUp('splunk');
  await bench.stop();
  await bench.start(feed);
  assert.equal((await bench.status('splunk')).deadLetters, 1);
  await bench.feeds.discard('splunk', null);
  assert.equal((await bench.status('splunk')).deadLetters, 0);
  assert.deepEqual(await bench.feeds.replay('splunk', null), { delivered: 0, refused: 0, gone: 0 });
});

test('with acknowledgement the cursor waits for the indexers, and what they never had is sent again', async (context) => {
  const { bench, receiver, feed } = await scene(context);
  receiver.acknowledges = false;
  await bench.start({ ...feed, acknowledge: true, acknowledge_seconds: 1 });
  await bench.put(300);
  await until(() => receiver.indexed.length >= 300);
  assert.equal((await bench.status('splunk')).position, 0);
  await bench.until('splunk', ({ lastError }) => /not acknowledged/.test(lastError ?? ''));
  receiver.acknowledges = true;
  await bench.caughtUp('splunk');
  assert.deepEqual(new Set(receiver.indexed), new Set(ids(1, 300)));
  assert.ok(receiver.indexed.length >= 600);
});

test('without a certificate of the authority, or with another name, nothing is shown to the receiver', async (context) => {
  const { bench, receiver, feed } = await scene(context);
  const tls = { ...Object(feed['tls']) };
  await bench.start(
    { ...feed, name: 'no-ca', tls: { server_name: 'receiver.test' } },
    { ...feed, name: 'other-name', tls: { ...tls, server_name: 'elsewhere.test' } },
  );
  await bench.put(1);
  for (const name of ['no-ca', 'other-name']) await bench.until(name, ({ failing }) => failing);
  assert.match((await bench.status('other-name')).lastError ?? '', /CENTRAL_FEED_UNREACHABLE.*altname/i);
  assert.equal(receiver.http.requests.length, 0);
});

test('a secret that others can read, or that is none, is not used and never told', async (context) => {
  const { bench, receiver, feed } = await scene(context);
  const open = secretFile(bench.directory, 'open.token', HEC_TOKEN, 0o644);
  const broken = secretFile(bench.directory, 'broken.token', `${HEC_TOKEN}\r\nx-evil: 1`);
  await bench.start(
    { ...feed, name: 'open', token_file: open },
    { ...feed, name: 'broken', token_file: broken },
    { ...feed, name: 'missing', token_file: `${open}.not` },
  );
  await bench.put(1);
  for (const name of ['open', 'broken', 'missing']) {
    await bench.until(name, ({ lastError }) => /CENTRAL_FEED_SECRET_UNUSABLE/.test(lastError ?? ''));
  }
  assert.equal(receiver.http.requests.length, 0);
  assert.ok(!bench.log.lines.join('\n').includes(HEC_TOKEN));
});
