// Notes when rows with a token become visible in an agent's spool, until its stdin ends. SQLite shows a commit to
// other connections only after its write-ahead log is synced (synchronous = FULL), so visible is durable.
import Database from 'better-sqlite3';

const POLL_MS = 0.2;
const [path, token] = process.argv.slice(2);
const database = new Database(path, { readonly: true });
const rows = database.prepare('SELECT seq, body FROM spool WHERE seq > ? ORDER BY seq');
const version = database.prepare('PRAGMA data_version').pluck();
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const pattern = new RegExp(`\\b${token} (\\d+)$`);
/** Nanoseconds of CLOCK_MONOTONIC as text, by number. */
const seen = {};
let last = database.prepare('SELECT coalesce(max(seq), 0) FROM spool').pluck().get();
let before = version.get();
let isOpen = true;

function look() {
  const now = version.get();
  if (now === before) return;
  before = now;
  const at = process.hrtime.bigint();
  for (const { seq, body } of rows.iterate(last)) {
    last = seq;
    const number = pattern.exec(JSON.parse(body).event.CommandLine ?? '')?.[1];
    if (number !== undefined) seen[number] ??= String(at);
  }
}

function poll() {
  const turnEnd = performance.now() + 100;
  while (performance.now() < turnEnd) {
    look();
    Atomics.wait(sleeper, 0, 0, POLL_MS);
  }
  if (isOpen) setImmediate(poll);
  else process.stdout.write(`${JSON.stringify(seen)}\n`);
}

process.stdin.resume().on('end', () => {
  isOpen = false;
});
process.stdout.write('ready\n');
poll();
