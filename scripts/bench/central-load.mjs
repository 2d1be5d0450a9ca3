// Measures central under a fleet of real connections; see docs/performance.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { PostgresCluster, withoutPostgres } from '../../test/central/services/postgres.ts';
import { freePort } from '../../test/free-port.ts';
import { Fleet, Node } from './central-programs.mjs';
import { machine, median, say, spread } from './figures.mjs';

const { values } = parseArgs({
  options: {
    /** Again for more: `held`, `stored`, `return`. All where absent. */
    only: { type: 'string', multiple: true, default: [] },
    /** Small counts, to try it. */
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    connections: { type: 'string' },
    returning: { type: 'string' },
  },
});
const { quick, only } = values;
const rounds = Number(values.rounds ?? (quick ? 1 : 5));
const seconds = Number(values.seconds ?? (quick ? 3 : 20));
const returning = Number(values.returning ?? (quick ? 300 : 5_000));
/** Descriptors that central needs beside those of agents. */
const SPARE_DESCRIPTORS = 200;
const GOALS = { held: 20_000, heldKb: 60, perSecond: 10_000, ackMs: 250 };
/** Agents that send at once. */
const SENDERS = 100;

const rootDirectory = mkdtempSync(join(tmpdir(), 'sealwatch-bench-'));
const rules = join(import.meta.dirname, '..', '..', 'rules', 'mcp');
let number = 0;

/** A directory of its own for one central; its authority is shared, so that the fleet's certificates hold everywhere. */
function freshPlace() {
  number += 1;
  const directory = join(rootDirectory, `central-${number}`);
  mkdirSync(directory, { mode: 0o700 });
  return join(directory, 'central.db');
}

const authority = join(rootDirectory, 'authority');
const start = (settings) => Node.start({ directory: authority, listen: '127.0.0.1:0', rules, ...settings });
const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const verdict = (isMet) => (isMet ? 'met' : '**missed**');

/** Live connections of one central, and what each takes. */
async function measureHeld() {
  const limit = Number(spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout);
  const most = Math.min(GOALS.held, limit - SPARE_DESCRIPTORS);
  const size = Number(values.connections ?? (quick ? 500 : most));
  const node = await start({ place: freshPlace() });
  const fleet = await Fleet.enrol({ size, processes: quick ? 2 : 4, directory: authority });
  try {
    const before = await node.usage();
    const opened = await fleet.open(node.agentUrl);
    const welcomed = await node.usage();
    await sleep(quick ? 2_000 : 30_000);
    const idle = await node.usage();
    await sleep(quick ? 2_000 : 30_000);
    const after = await node.usage();
    const kb = (after.rss - before.rss) / size / 1_024;
    const heapKb = (after.heapUsed - before.heapUsed) / size / 1_024;
    const cpu = (after.cpuMs - idle.cpuMs) / (quick ? 2_000 : 30_000);
    const helloMs = (welcomed.cpuMs - before.cpuMs) / size;
    const ms = Math.max(...opened.map((each) => each.ms));
    say(
      `held: ${size} live mTLS connections (descriptors: ${limit}), opened at ${((size / ms) * 1_000).toFixed(0)} per s, each for ${helloMs.toFixed(1)} ms of processor`,
    );
    say(
      `  each ${kb.toFixed(1)} KiB, ${heapKb.toFixed(1)} of them JavaScript; goal ${GOALS.heldKb}: ${verdict(kb <= GOALS.heldKb)}`,
    );
    say(`  with heartbeats every 10 s: ${(cpu * 100).toFixed(1)} % of a core`);
    await fleet.close();
  } finally {
    fleet.end();
    await node.kill();
  }
}

async function storesToMeasure(context) {
  const stores = {
    nothing: async () => ({ place: freshPlace(), discards: true }),
    sqlite: async () => ({ place: freshPlace() }),
  };
  const missing = withoutPostgres();
  if (missing === false) {
    const cluster = await PostgresCluster.open();
    context.push(() => cluster.destroy());
    stores.postgresql = async () => ({ place: { postgresUrl: await cluster.createDatabase() } });
  } else say(`postgresql is left out: ${missing}`);
  return stores;
}

/** Alerts a second, as fast as they are acknowledged, and times of the ack at the goal's rate. */
async function measureStored() {
  const undo = [];
  const stores = await storesToMeasure(undo);
  const found = Object.fromEntries(
    Object.keys(stores).map((name) => [name, { full: [], p50: [], p99: [], paced: [] }]),
  );
  const fleet = await Fleet.enrol({ size: SENDERS, processes: 2, directory: authority });
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, place] of Object.entries(stores)) {
        const node = await start(await place());
        await fleet.open(node.agentUrl);
        await fleet.stream({ seconds: 2, perSecond: 0, batch: 64, inFlight: 1, senders: SENDERS });
        const full = await fleet.stream({ seconds, perSecond: 0, batch: 64, inFlight: 1, senders: SENDERS });
        const paced = await fleet.stream({
          seconds,
          perSecond: GOALS.perSecond,
          batch: 25,
          inFlight: 4,
          senders: SENDERS,
        });
        found[name].full.push(full.alerts / seconds);
        found[name].paced.push(paced.alerts / seconds);
        found[name].p50.push(percentile(paced.times, 0.5));
        found[name].p99.push(percentile(paced.times, 0.99));
        await fleet.close();
        await node.stop();
      }
    }
  } finally {
    fleet.end();
    for (const each of undo) await each();
  }
  for (const [name, { full, p50, p99, paced }] of Object.entries(found)) {
    const ratio = found.nothing.full.map((of, round) => full[round] / of);
    say(
      `stored, ${name}: ${spread(full, 'alerts per s')}, ${median(ratio).toFixed(2)} of a store that does nothing`,
    );
    say(
      `  offered ${GOALS.perSecond} per s: ${spread(paced, 'per s')}, ack p50 ${spread(p50)}, p99 ${spread(p99)}`,
    );
    if (name !== 'sqlite') continue;
    const isMet = median(paced) >= GOALS.perSecond * 0.99 && median(p99) <= GOALS.ackMs;
    say(`  goal ${GOALS.perSecond} per s at p99 ${GOALS.ackMs} ms: ${verdict(isMet)}`);
  }
}

/** Time until a fleet is back after central was killed and started again. */
async function measureReturn() {
  const times = [];
  for (let round = 0; round < Math.min(rounds, 3); round += 1) {
    const settings = { place: freshPlace(), listen: `127.0.0.1:${await freePort()}` };
    const first = await start(settings);
    const fleet = await Fleet.enrol({ size: returning, processes: 2, directory: authority });
    try {
      await fleet.open(first.agentUrl, true);
      await first.kill();
      const second = await start(settings);
      const listened = Date.now();
      times.push((await fleet.returned()) - listened);
      await fleet.close();
      await second.kill();
    } finally {
      fleet.end();
    }
  }
  say(`return: ${returning} agents are welcomed ${spread(times)} after central listens again`);
}

const PARTS = { held: measureHeld, stored: measureStored, return: measureReturn };
say(machine());
try {
  for (const [name, measure] of Object.entries(PARTS)) {
    if (only.length === 0 || only.includes(name)) await measure();
  }
} finally {
  rmSync(rootDirectory, { recursive: true, force: true });
}
