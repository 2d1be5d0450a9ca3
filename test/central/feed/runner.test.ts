import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import { BackOff } from '../../../central/feed/back-off.ts';
import { feedFilter } from '../../../central/feed/filter.ts';
import { MAX_DEAD_LETTERS } from '../../../central/feed/ledger.ts';
import { feedsSchema, fileFeed } from '../../../central/index.ts';
import type { Severity } from '../../../wire/index.ts';
import { freePort } from '../../free-port.ts';
import { connect, deliver, feedUids, get, startCentral, until, workDirectory } from '../bench.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { FeedBench, ids, secretFile, settings } from './bench.ts';
import { HttpReceiver } from './receivers/http-receiver.ts';

const file = (bench: FeedBench, name: string, more: object = {}) => ({
  name,
  type: 'file',
  path: join(bench.directory, `${name}.jsonl`),
  ...more,
});
const uids = (bench: FeedBench, name: string) => feedUids(join(bench.directory, `${name}.jsonl`));

test('feeds whose receivers hang or are down for thousands of alerts lose nothing and hold up no other', async (context) => {
  const bench = new FeedBench(context);
  let isUp = false;
  const receiver = await HttpReceiver.start(context, null, () => (isUp ? { status: 200 } : 'hang'));
  const secret_file = secretFile(bench.directory, 'secret', 'a-secret-of-the-tests');
  const hook = {
    type: 'webhook',
    url: receiver.url,
    allow_http: true,
    secret_file,
    max_alerts: 256,
    timeout_seconds: 0.5,
  };
  const port = await freePort();
  await bench.start(
    { ...hook, name: 'hanging' },
    { name: 'down', type: 'syslog', host: '127.0.0.1', port, settle_seconds: 0.1 },
    file(bench, 'well'),
  );
  await bench.put(3_000);
  await bench.caughtUp('well');
  assert.deepEqual(uids(bench, 'well'), ids(1, 3_000));
  for (const name of ['hanging', 'down']) {
    await bench.until(name, ({ failing }) => failing);
    const { position, lagAlerts, lagSeconds, delivered } = await bench.status(name);
    assert.deepEqual({ position, lagAlerts, delivered }, { position: 0, lagAlerts: 3_000, delivered: 0 });
    assert.ok(lagSeconds > 0);
  }
  isUp = true;
  await bench.caughtUp('hanging');
  const arrived = receiver.requests.flatMap(({ body }) =>
    JSON.parse(body).alerts.map((alert: { id: string }) => alert.id),
  );
  assert.deepEqual(new Set(arrived), new Set(ids(1, 3_000)));
});

test('a feed goes on at its cursor after a restart, a new one at its start', async (context) => {
  const bench = new FeedBench(context);
  await bench.start(file(bench, 'old'));
  await bench.put(5);
  await bench.caughtUp('old');
  await bench.stop();
  await bench.start(
    file(bench, 'old', { path: join(bench.directory, 'moved.jsonl') }),
    file(bench, 'late', { start: 'now' }),
    file(bench, 'all'),
  );
  await bench.put(2);
  for (const name of ['old', 'late', 'all']) await bench.caughtUp(name);
  assert.deepEqual(uids(bench, 'moved'), ids(6, 7));
  assert.deepEqual(uids(bench, 'late'), ids(6, 7));
  assert.deepEqual(uids(bench, 'all'), ids(1, 7));
});

test('a feed that starts now keeps its start though nothing came before the restart', async (context) => {
  const bench = new FeedBench(context);
  await bench.start(file(bench, 'first'));
  await bench.put(3);
  await bench.caughtUp('first');
  await bench.stop();
  await bench.start(file(bench, 'late', { start: 'now' }));
  await bench.stop();
  await bench.start(file(bench, 'first'));
  await bench.put(2);
  await bench.caughtUp('first');
  await bench.stop();
  await bench.start(file(bench, 'late', { start: 'now' }));
  await bench.caughtUp('late');
  assert.deepEqual(uids(bench, 'late'), ids(4, 5));
});

test('a filter keeps back by level, name and group, and the cursor passes what it keeps back', async (context) => {
  const bench = new FeedBench(context);
  await bench.start(
    file(bench, 'high', { min_level: 'high' }),
    file(bench, 'shells', { include: ['mcp_shell_*'], exclude: ['*_noise'] }),
    file(bench, 'grouped', { groups: ['build'] }),
    file(bench, 'none', { include: ['no_such_rule'] }),
  );
  const names = ['mcp_shell_spawn', 'mcp_shell_noise', 'mcp_credential_read'];
  const levels: Severity[] = ['low', 'high', 'critical'];
  await bench.put(6, (seq) => ({
    rule: {
      ...plainAlert(seq).rule,
      name: names[(seq - 1) % 3] ?? '',
      level: levels[(seq - 1) % 3] ?? 'low',
    },
  }));
  for (const name of ['high', 'shells', 'grouped', 'none']) await bench.caughtUp(name);
  assert.deepEqual(
    uids(bench, 'high'),
    [2, 3, 5, 6].map((seq) => `${AGENT}-${seq}`),
  );
  assert.deepEqual(
    uids(bench, 'shells'),
    [1, 4].map((seq) => `${AGENT}-${seq}`),
  );
  assert.equal((await bench.status('none')).position, 6);
  assert.equal((await bench.status('grouped')).delivered, 0);
  await bench.store.db.updateTable('agents').set({ grp: 'build' }).execute();
  await bench.put(1);
  await bench.caughtUp('grouped');
  assert.deepEqual(uids(bench, 'grouped'), ids(7, 7));
});

test('a pattern takes any text for each star and is anchored', () => {
  const [feed] = settings({
    name: 'f',
    type: 'file',
    path: '/f',
    include: ['mcp_*_read*', 'exact', '*tail'],
  });
  assert.ok(feed !== undefined);
  const filter = feedFilter(feed);
  const passes = (name: string) => filter(plainAlert(1, { rule: { ...plainAlert(1).rule, name } }), '');
  for (const name of ['mcp_a_read', 'mcp_a_b_reading', 'exact', 'tail', 'a\ntail'])
    assert.ok(passes(name), name);
  for (const name of ['mcp_read', 'xmcp_a_read', 'exactly', 'tails', 'Exact', ''])
    assert.ok(!passes(name), name);
});

test('a feed stops rather than lose dead letters that nobody looked at', async (context) => {
  const bench = new FeedBench(context);
  await bench.start(file(bench, 'full'));
  await bench.stop();
  const database = new SqliteDatabase(join(bench.directory, 'central.db'));
  const insert = database.prepare("INSERT INTO dead_letters VALUES ('full', ?, 'id', 'time', 'reason')");
  database.transaction(() => {
    for (let number = 1; number <= MAX_DEAD_LETTERS; number += 1) insert.run(1_000_000 + number);
  })();
  database.close();
  await bench.start(file(bench, 'full'));
  await bench.put(1);
  await bench.until('full', ({ lastError }) => /CENTRAL_FEED_DEAD_LETTERS_FULL/.test(lastError ?? ''));
  assert.equal((await bench.status('full')).position, 0);
  await bench.openFeeds(false, [file(bench, 'full')]).discard('full', null);
  await bench.caughtUp('full');
  assert.deepEqual(uids(bench, 'full'), ids(1, 1));
});

test('a node that does not run the feeds tells of them and gives dead letters up, and replays none', async (context) => {
  const bench = new FeedBench(context);
  await bench.start(file(bench, 'full'));
  await bench.put(3);
  await bench.caughtUp('full');
  const other = bench.openFeeds(false, [file(bench, 'full')]);
  await other.start();
  const [told] = await other.status();
  assert.deepEqual([told?.position, told?.lagAlerts, told?.run], [3, 0, null]);
  assert.deepEqual([other.failing, other.isLeader, bench.feeds.isLeader], [null, null, true]);
  await assert.rejects(other.replay('full', null), { code: 'CENTRAL_FEED_LED_ELSEWHERE' });
  const letter = { feed: 'full', alert: 'id', time: 'time', reason: 'reason' };
  await bench.store.db
    .insertInto('dead_letters')
    .values({ ...letter, position: 1 })
    .execute();
  assert.equal((await other.deadLetters('full', 0, 10)).length, 1);
  await other.discard('full', null);
  assert.equal((await bench.status('full')).deadLetters, 0);
});

test('replays and the feed itself do not write one file at once', async (context) => {
  const bench = new FeedBench(context);
  await bench.start(file(bench, 'busy'));
  await bench.put(600);
  const replays = Array.from({ length: 5 }, () => bench.feeds.replay('busy', null));
  await bench.put(600);
  await Promise.all(replays);
  await bench.caughtUp('busy');
  assert.deepEqual(uids(bench, 'busy'), ids(1, 1_200));
});

test('an unknown feed is refused', async (context) => {
  const bench = new FeedBench(context);
  await bench.start();
  assert.equal(bench.feeds.failing, null);
  await assert.rejects(bench.feeds.replay('nobody', null), { code: 'CENTRAL_FEED_UNKNOWN' });
});

test('attempts come at random times, ever further apart, and at once after a success', () => {
  const least = new BackOff(() => 0.999_999);
  const most = new BackOff(() => 0);
  const times = Array.from({ length: 10 }, () => [least.next(), most.next()] as const);
  for (const [short, long] of times) assert.ok(short >= long / 2 && short < long);
  assert.deepEqual(
    times.slice(0, 3).map(([, long]) => long),
    [250, 500, 1_000],
  );
  assert.equal(times.at(-1)?.[1], 30_000);
  most.reset();
  assert.equal(most.next(), 250);
});

test('settings refuse secrets in addresses, plain HTTP unasked, double names and unknown keys', () => {
  const hook = { name: 'a', type: 'webhook', url: 'https://siem.test/', secret_file: '/s' };
  const refused: readonly (readonly [readonly object[], RegExp])[] = [
    [[{ ...hook, url: 'https://user:secret@siem.test/' }], /no user/],
    [[{ ...hook, url: 'http://siem.test/' }], /not https/],
    [[{ ...hook, url: 'file:///etc/passwd' }], /URL/],
    [[hook, hook], /one name/],
    [[{ ...hook, secret: 'x' }], /secret/],
    [[{ ...hook, type: 'fax' }], /type|discriminator/i],
    [[{ ...hook, name: 'A b' }], /name/],
    [[{ ...hook, tls: { cert_file: '/c' } }], /go together/],
    [[{ ...hook, include: ['a b'] }], /name of a rule/],
    [
      [
        { name: 'a', type: 'file', path: '/x' },
        { name: 'b', type: 'file', path: '/x' },
      ],
      /one file/,
    ],
  ];
  for (const [feeds, reason] of refused) {
    const parsed = feedsSchema.safeParse(feeds);
    assert.ok(!parsed.success, JSON.stringify(feeds));
    assert.match(JSON.stringify(parsed.error.issues), reason);
  }
  assert.equal(feedsSchema.parse([hook])[0]?.min_level, 'informational');
});

test('central that is stopped in the middle of feeding goes on where it was, and shows each feed in its metrics', async (context) => {
  const directory = workDirectory(context);
  const receiver = await HttpReceiver.start(context, null, () =>
    receiver.requests.length <= 50 ? { status: 200 } : { status: 503 },
  );
  const hook = {
    name: 'hook',
    type: 'webhook',
    url: receiver.url,
    allow_http: true,
    secret_file: secretFile(directory, 'secret', 'a-secret-of-the-tests'),
    max_alerts: 1,
  };
  const path = join(directory, 'feed.jsonl');
  const feeds = [...settings(hook), fileFeed(path)];
  const first = await startCentral(context, directory, { feeds });
  const { link } = await connect(context, first);
  await deliver(
    link,
    Array.from({ length: 200 }, (_, index) => plainAlert(index + 1)),
  );
  await until(() => receiver.requests.length > 50);
  await first.stop();
  const before = receiver.requests.splice(0, 50);
  receiver.requests.length = 0;
  receiver.reply = () => ({ status: 200 });
  const second = await startCentral(context, directory, { feeds });
  const again = await connect(context, second);
  await deliver(again.link, [plainAlert(201)]);
  const metric = async (name: string) =>
    new RegExp(`^sealwatch_central_feed_${name}\\{feed="hook"\\} (\\S+)$`, 'm').exec(
      (await get(second, '/metrics')).body,
    )?.[1];
  await until(async () => (await metric('position')) === '201');
  assert.equal(await metric('lag_alerts'), '0');
  assert.equal(await metric('dead_letters'), '0');
  assert.equal((await get(second, '/healthz')).body.feed, 'ok');
  const arrived = [...before, ...receiver.requests].flatMap(({ body }) =>
    JSON.parse(body).alerts.map((alert: { id: string }) => alert.id),
  );
  assert.deepEqual(arrived, ids(1, 201));
  await second.stop();
  assert.deepEqual(feedUids(path), ids(1, 201));
});
