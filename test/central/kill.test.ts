import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fileFeed } from '../../central/index.ts';
import type { Alert } from '../../wire/index.ts';
import { feedUids, get, hello, knowCentral, Link, startCentral, until, workDirectory } from './bench.ts';
import { plainAlert } from './samples.ts';

const KILLS = 20;
const BATCH_ALERTS = 20;
const RUNNER = fileURLToPath(new URL('programs/run-central.ts', import.meta.url));

interface Child {
  readonly process: ChildProcess;
  readonly url: string;
}

async function startChild(context: TestContext, directory: string): Promise<Child> {
  const paths = ['central.db', 'feed.jsonl', 'authority'].map((name) => join(directory, name));
  const child = spawn(process.execPath, [RUNNER, ...paths], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  const [url = '', agentUrl = ''] = String(line).trim().split(' ');
  await knowCentral(url, agentUrl, directory);
  return { process: child, url };
}

function batchBehind(seq: number): Alert[] {
  return Array.from({ length: BATCH_ALERTS }, (_, index) => plainAlert(seq + index + 1));
}

/** Streams batches until the connection breaks; answers the highest seq that was acknowledged. */
async function stream(
  url: string,
  onAck: (acks: number) => void,
): Promise<{ welcomed: number; acked: number }> {
  const link = new Link(url);
  link.send(hello());
  const welcome = await link.next();
  if (welcome?.type !== 'welcome') return { welcomed: -1, acked: -1 };
  let acked = welcome.acked_seq;
  let sent = acked;
  for (let acks = 0; ; acks += 1) {
    onAck(acks);
    while (sent < acked + 3 * BATCH_ALERTS) {
      link.send({ type: 'batch', alerts: batchBehind(sent) });
      sent += BATCH_ALERTS;
    }
    const frame = await link.next();
    if (frame?.type !== 'ack') return { welcomed: welcome.acked_seq, acked };
    acked = frame.seq;
  }
}

test(`central killed ${KILLS} times stores each alert once and feeds each at least once`, async (context) => {
  const directory = workDirectory(context);
  const database = join(directory, 'central.db');
  const feed = join(directory, 'feed.jsonl');
  let acked = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = await startChild(context, directory);
    const exited = once(child.process, 'exit');
    const seen = await stream(child.url, (acks) => {
      if (acks === kill % 7) setTimeout(() => child.process.kill('SIGKILL'), kill % 5);
    });
    await exited;
    assert.ok(seen.welcomed >= acked, 'what was acknowledged was kept');
    acked = seen.acked;
  }
  const central = await startCentral(context, directory, { databasePath: database, feeds: [fileFeed(feed)] });
  const stored: string[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const { body } = await get(central, `/api/v1/alerts?limit=1000${next === '' ? '' : `&since=${next}`}`);
    stored.push(...body.alerts.map((alert: Alert) => alert.id));
    next = body.next;
  }
  assert.ok(stored.length >= acked && acked > 0);
  assert.deepEqual(
    stored,
    stored.map((_, index) => plainAlert(index + 1).id),
  );
  await until(
    async () =>
      /feed_position\{[^}]*\} (\d+)/.exec((await get(central, '/metrics')).body)?.[1] ===
      String(stored.length),
  );
  const fed = feedUids(feed);
  assert.deepEqual(new Set(fed), new Set(stored));
  context.diagnostic(`${stored.length} alerts, ${fed.length - stored.length} lines doubled in the feed`);
});
