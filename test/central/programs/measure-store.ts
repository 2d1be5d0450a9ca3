import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../../central/store/store.ts';
import type { Alert } from '../../../wire/index.ts';
import { fullAlert } from '../samples.ts';

/**
 * Measures how many alerts the store alone makes durable in a second: `measure-store.ts [postgres URL]`. Groups of
 * 32 batches of 64 alerts of about 1 KB, from 200 agents, as a busy intake hands them over; then how fast their
 * words are indexed and found.
 */
const GROUPS = 30;
const GROUP_BATCHES = 32;
const BATCH_ALERTS = 64;
const AGENTS = 200;
const RECEIVED = new Date().toISOString();

const url = process.argv[2];
const directory = mkdtempSync(join(tmpdir(), 'sealwatch-measure-'));
const store = await openStore(url === undefined ? join(directory, 'central.db') : { postgresUrl: url });
const agents = Array.from({ length: AGENTS }, (_, index) => index.toString(16).padStart(16, '0'));
for (const id of agents) await store.registerAgent({ id, version: '1', host: id, os: 'Debian' }, RECEIVED);

const seqs = new Map<string, number>();
function batchOf(agent: string): { agent: string; alerts: Alert[]; received: string } {
  const from = seqs.get(agent) ?? 0;
  seqs.set(agent, from + BATCH_ALERTS);
  const alerts = Array.from({ length: BATCH_ALERTS }, (_, index) => {
    const seq = from + index + 1;
    return { ...fullAlert(seq), id: `${agent}-${seq}`, seq, host: agent };
  });
  return { agent, alerts, received: RECEIVED };
}
let turn = 0;
const groups = Array.from({ length: GROUPS }, () =>
  Array.from({ length: GROUP_BATCHES }, () => batchOf(agents[turn++ % AGENTS] ?? '')),
);
const rate = (count: number, begun: number) => Math.round((count * 1_000) / (performance.now() - begun));
const alertCount = GROUPS * GROUP_BATCHES * BATCH_ALERTS;
const cpu = process.cpuUsage();
let begun = performance.now();
// Two at a time: one is packed while the other is written.
for (let index = 0; index < GROUPS; index += 2) {
  await Promise.all(groups.slice(index, index + 2).map((group) => store.storeBatches(group)));
}
const stored = rate(alertCount, begun);
const { user, system } = process.cpuUsage(cpu);
begun = performance.now();
let indexed = 0;
for (let added = -1; added !== 0 && indexed < 10_000; indexed += added) added = await store.indexAlerts(200);
const indexRate = rate(indexed, begun);
begun = performance.now();
const found = await store.searchAlerts('bash index*', { after: 0 }, { rows: 100, bytes: 1_000_000 });
const searchMs = Math.round(performance.now() - begun);
process.stdout.write(
  `${JSON.stringify({
    alerts: alertCount,
    bytesEach: JSON.stringify(groups[0]?.[0]?.alerts[0]).length,
    storedPerSecond: stored,
    cpuMicrosecondsEach: Math.round((user + system) / alertCount),
    indexedPerSecond: indexRate,
    found: found.length,
    searchMs,
  })}\n`,
);
await store.close();
rmSync(directory, { recursive: true, force: true });
