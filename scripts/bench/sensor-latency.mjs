// Part `latency`: from just before a server's exec to the moment at which its alert is durable in the spool.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Child, until } from './sensor-child.mjs';
import { stormResult, stormWords } from './sensor-storm.mjs';

const PER_SECOND = 50;
const COMMITS = 500;
const ROW_BYTES = 1_024;
const SETTLE_MS = 3_000;

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const text = (numbers) => {
  const all = sorted(numbers);
  const [p50, p99] = [quantile(all, 0.5), quantile(all, 0.99)];
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (${all[0].toFixed(1)}–${all.at(-1).toFixed(1)})`;
};

/** Milliseconds of bare commits of one row, as durable as the spool's and on the same disk. */
function bareCommits(directory) {
  const path = join(directory, 'bare.db');
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE IF NOT EXISTS row (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT');
  const insert = database.prepare('INSERT INTO row (body) VALUES (?)');
  const body = 'x'.repeat(ROW_BYTES);
  const milliseconds = Array.from({ length: COMMITS }, () => {
    const start = performance.now();
    insert.run(body);
    return performance.now() - start;
  });
  database.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  return milliseconds;
}

/** Milliseconds of each exec whose alert came, and how many came not. */
async function latencies(bench, token, count) {
  const { host, storm } = bench;
  const stamps = join(host.directory, 'stamps');
  const script = join(import.meta.dirname, 'sensor-commits.mjs');
  const watcher = new Child(process.execPath, [script, host.database, token]);
  const runner = host.runner('alerting');
  try {
    await until('the watcher of the spool', () => {
      if (watcher.hasEnded) throw new Error(`the watcher ended: ${watcher.stderr}`);
      return watcher.lines.includes('ready');
    });
    const program = ['/bin/sh', '-c', ':'];
    const words = stormWords(storm, token, count, { workers: 1, perSecond: PER_SECOND, stamps, program });
    stormResult(await runner.run(words));
    await wait(SETTLE_MS);
    watcher.closeInput();
    const seen = JSON.parse((await watcher.ended(30_000)).at(-1));
    const started = readFileSync(stamps);
    return Object.entries(seen).map(
      ([number, at]) => Number(BigInt(at) - started.readBigUInt64LE(Number(number) * 8)) / 1e6,
    );
  } finally {
    await runner.stop();
    await watcher.stop();
  }
}

export async function measureLatency(bench, report) {
  const { host, counts } = bench;
  const count = counts.latency;
  report.part(
    `From a server's exec of a shell to its alert durable in the spool, ${count} at ${PER_SECOND} per s`,
  );
  const before = bareCommits(host.stateDir);
  await host.start();
  try {
    const all = await latencies(bench, `late${process.pid}`, count);
    const bare = [...before, ...bareCommits(host.stateDir)];
    report.row('exec → alert durable', text(all));
    report.row('alerts that did not come', `${count - all.length} of ${count}`, {
      text: 'none',
      met: all.length === count,
    });
    report.row(`one bare commit of ${ROW_BYTES} bytes, same disk`, text(bare));
    const share = quantile(sorted(all), 0.5) / quantile(sorted(bare), 0.5);
    report.row('exec → alert durable / bare commit, p50', share.toFixed(1));
  } finally {
    await host.stop();
  }
}
