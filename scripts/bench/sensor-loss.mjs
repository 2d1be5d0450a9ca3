// Parts `loss` and `burst`: which of the numbered execs reach the end of the path.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Child, until } from './sensor-child.mjs';
import { root } from './sensor-host.mjs';
import { stormResult, stormWords } from './sensor-storm.mjs';
import { untilQuiet } from './sensor-usage.mjs';

const NUMBERS_MS = 600_000;
const ALERTS_MS = 600_000;
const SERVER_SEEN_MS = 500;

/** Outside of every subtree the agent tells nobody: the collector that it is built on is asked itself. */
async function collectorLoss(bench, { count, cpu }) {
  const token = `collector${process.pid}`;
  const script = join(import.meta.dirname, 'sensor-numbers.mjs');
  const words = [process.execPath, script, root, token, String(count)];
  const pinned = cpu === null ? words : ['taskset', '-c', String(cpu), ...words];
  const child = new Child(pinned[0], pinned.slice(1));
  const runner = bench.host.runner('outside');
  try {
    await until('the collector', () => {
      if (child.hasEnded) throw new Error(`the collector ended: ${child.stderr}`);
      return child.lines.includes('ready');
    });
    const { seconds } = stormResult(await runner.run(stormWords(bench.storm, token, count)));
    child.closeInput();
    const lines = await child.ended(NUMBERS_MS);
    const { seen, losses } = JSON.parse(lines.at(-1));
    return { lost: count - seen, perSecond: count / seconds, counted: totals(losses) };
  } finally {
    await runner.stop();
    await child.stop();
  }
}

function totals(losses) {
  const byStage = {};
  for (const { stage, count } of losses) byStage[stage] = (byStage[stage] ?? 0) + count;
  return byStage;
}

/** Execs outside of every subtree, by the agent's own counters. */
async function agentCounters(bench, { count, cpu }) {
  const { host, storm } = bench;
  await host.start({ cpu });
  const runner = host.runner('outside');
  try {
    const { seconds } = stormResult(await runner.run(stormWords(storm, `out${process.pid}`, count)));
    await untilQuiet([host.agentPid, host.sensorPid]);
    const counted = (await host.status()).lost;
    return { lost: sum(counted), perSecond: count / seconds, counted };
  } finally {
    await runner.stop();
    await host.stop();
  }
}

const sum = (counted) => Object.values(counted).reduce((a, b) => a + b, 0);

/** Execs inside a server's subtree: each is an alert, and the numbers are read where alerts end, at central. */
async function alertLoss(bench, { count, cpu }) {
  const { host, storm } = bench;
  const token = `in${process.pid}${cpu === null ? 'full' : 'pinned'}`;
  await host.start({ token, cpu });
  const runner = host.runner('inside');
  let told = null;
  try {
    await wait(SERVER_SEEN_MS);
    const { seconds } = stormResult(await runner.run(stormWords(storm, token, count)));
    await host.untilAlertsRest(ALERTS_MS);
    told = { perSecond: count / seconds, counted: (await host.status()).lost };
  } finally {
    await runner.stop();
    await host.stop();
  }
  return { lost: count - host.numbersAtCentral(token).size, ...told };
}

function row(report, what, { lost, perSecond, counted }, count) {
  const stages = Object.entries(counted).map(([stage, n]) => `${stage}: ${n}`);
  const said = stages.length === 0 ? 'counted lost: 0' : `counted lost: ${stages.join(', ')}`;
  report.row(
    what,
    `${lost} of ${count.toLocaleString('en')} lost at ${perSecond.toFixed(0)} per s; ${said}`,
    {
      text: '0 lost',
      met: lost === 0,
    },
  );
}

const MEASURES = [
  ['outside, at the collector, set difference', collectorLoss],
  ['outside, by the agent’s counters', agentCounters],
  ['inside, each an alert, at central, set difference', alertLoss],
];

/** As fast as two processes can on all cores. */
export async function measureLoss(bench, report) {
  report.part('Loss at full rate (2 processes start them, nobody is pinned)');
  for (const [what, measure] of MEASURES)
    row(report, what, await measure(bench, { count: bench.counts.loss, cpu: null }), bench.counts.loss);
}

/** The agent and its sensor share one core with half of the storm. */
export async function measureBurst(bench, report) {
  report.part('Loss of a burst (agent and sensor pinned to core 0, the storm on all)');
  for (const [what, measure] of MEASURES)
    row(report, what, await measure(bench, { count: bench.counts.burst, cpu: 0 }), bench.counts.burst);
}
