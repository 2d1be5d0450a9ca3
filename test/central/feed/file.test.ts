import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import { type Central, fileFeed } from '../../../central/index.ts';
import { connect, deliver, feedUids, get, keptLog, startCentral, until, workDirectory } from '../bench.ts';
import { plainAlert } from '../samples.ts';

const uids = (...seqs: number[]) => seqs.map((seq) => plainAlert(seq).id);

async function send(context: TestContext, central: Central, ...seqs: number[]): Promise<void> {
  const { link } = await connect(context, central);
  await deliver(
    link,
    seqs.map((seq) => plainAlert(seq)),
  );
}

async function caughtUp(central: Central): Promise<void> {
  await until(async () => {
    const { body } = await get(central, '/metrics');
    const position = (name: string) => new RegExp(`${name}_position(?:\\{[^}]*\\})? (\\d+)`).exec(body)?.[1];
    return position('feed') === position('alert');
  });
}

function setCursor(directory: string, position: number): void {
  const database = new SqliteDatabase(join(directory, 'central.db'));
  database.prepare('UPDATE feeds SET position = ?').run(position);
  database.close();
}

test('stop drains the feed; the file is private', async (context) => {
  const directory = workDirectory(context);
  const feedPath = join(directory, 'feed.jsonl');
  const central = await startCentral(context, directory, { feeds: [fileFeed(feedPath)] });
  await send(context, central, 1, 2, 3);
  await central.stop();
  assert.deepEqual(feedUids(feedPath), uids(1, 2, 3));
  assert.equal(statSync(feedPath).mode & 0o777, 0o600);
});

test('alerts written behind the cursor before a crash are not written again, a torn line is replaced', async (context) => {
  const directory = workDirectory(context);
  const feedPath = join(directory, 'feed.jsonl');
  const first = await startCentral(context, directory, { feeds: [fileFeed(feedPath)] });
  await send(context, first, 1, 2, 3, 4);
  await first.stop();
  const whole = readFileSync(feedPath);
  writeFileSync(feedPath, whole.subarray(0, whole.length - 40));
  setCursor(directory, 1);
  const log = keptLog();
  const second = await startCentral(context, directory, { feeds: [fileFeed(feedPath)], log });
  await caughtUp(second);
  assert.deepEqual(feedUids(feedPath), uids(1, 2, 3, 4));
  assert.ok(log.lines.some((line) => line.startsWith('warn a torn last line')));
  await second.stop();
  setCursor(directory, 0);
  const third = await startCentral(context, directory, { feeds: [fileFeed(feedPath)] });
  await send(context, third, 5);
  await third.stop();
  assert.deepEqual(feedUids(feedPath), uids(1, 2, 3, 4, 5));
});

test('a file that is rotated or removed is made anew, a torn end in between is cut', async (context) => {
  const directory = workDirectory(context);
  const feedPath = join(directory, 'feed.jsonl');
  const central = await startCentral(context, directory, { feeds: [fileFeed(feedPath)] });
  await send(context, central, 1);
  await caughtUp(central);
  renameSync(feedPath, `${feedPath}.1`);
  await send(context, central, 2);
  await caughtUp(central);
  assert.deepEqual(feedUids(`${feedPath}.1`), uids(1));
  assert.deepEqual(feedUids(feedPath), uids(2));
  appendFileSync(feedPath, '{"activity_id":1,"torn');
  await send(context, central, 3);
  await caughtUp(central);
  assert.deepEqual(feedUids(feedPath), uids(2, 3));
  rmSync(feedPath);
  await send(context, central, 4);
  await caughtUp(central);
  assert.deepEqual(feedUids(feedPath), uids(4));
});

test('a feed whose directory is missing is logged once, never blocks ingest, and catches up', async (context) => {
  const directory = workDirectory(context);
  const feedPath = join(directory, 'later', 'feed.jsonl');
  const log = keptLog();
  const central = await startCentral(context, directory, { feeds: [fileFeed(feedPath)], log });
  await send(context, central, 1, 2);
  const failures = async () =>
    Number(/feed_failures_total\{[^}]*\} (\d+)/.exec((await get(central, '/metrics')).body)?.[1]);
  await until(async () => (await failures()) >= 2);
  assert.equal((await get(central, '/healthz')).body.feed, 'failing');
  assert.equal(log.lines.filter((line) => line.startsWith('error the feed')).length, 1);
  mkdirSync(join(directory, 'later'));
  await caughtUp(central);
  assert.deepEqual(feedUids(feedPath), uids(1, 2));
  await until(() => log.lines.some((line) => line.startsWith('info the feed works again')));
});

test('a file of another kind is never cut, and a stop does not wait for it', async (context) => {
  const directory = workDirectory(context);
  const feedPath = join(directory, 'notes.txt');
  writeFileSync(feedPath, 'first line\nlast line without end');
  const log = keptLog();
  const central = await startCentral(context, directory, { feeds: [fileFeed(feedPath)], log });
  await send(context, central, 1);
  await until(() => log.lines.some((line) => line.includes('CENTRAL_FEED_NOT_A_FEED')));
  await central.stop();
  assert.equal(readFileSync(feedPath, 'utf8'), 'first line\nlast line without end');
});

test('a new feed file gets what is stored from the beginning', async (context) => {
  const directory = workDirectory(context);
  const first = await startCentral(context, directory);
  await send(context, first, 1, 2);
  await first.stop();
  const feedPath = join(directory, 'feed.jsonl');
  const second = await startCentral(context, directory, { feeds: [fileFeed(feedPath)] });
  await second.stop();
  assert.deepEqual(feedUids(feedPath), uids(1, 2));
});
