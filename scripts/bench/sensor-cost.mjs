// Part `cost`: processor and memory of what watches, idle and while 100 programs a second start outside of it.
import { setTimeout as wait } from 'node:timers/promises';
import { stormResult, stormWords } from './sensor-storm.mjs';
import { cpuSeconds, forks, memory, untilQuiet } from './sensor-usage.mjs';

const PER_SECOND = 100;

/** Percent of one core and MiB of each group of processes while `work` runs. */
async function during(groups, work) {
  const before = groups.map(cpuSeconds);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1_000;
  return groups.map((pids, at) => ({
    cpu: ((cpuSeconds(pids) - before[at]) / seconds) * 100,
    ...memory(pids),
  }));
}

async function costOf(bench, groups) {
  const { seconds } = bench.counts;
  const token = `cost${process.pid}`;
  const words = stormWords(bench.storm, token, seconds * PER_SECOND, { perSecond: PER_SECOND });
  await untilQuiet(groups.flat(), 5_000);
  const before = forks();
  const idle = await during(groups, () => wait(seconds * 1_000));
  const others = (forks() - before) / seconds;
  const runner = bench.host.runner('outside');
  try {
    const busy = await during(groups, async () => stormResult(await runner.run(words)));
    return groups.map((_, at) => ({ idle: idle[at], busy: busy[at], others }));
  } finally {
    await runner.stop();
  }
}

/** `others` is how often a second the host itself forked while it was meant to be idle. */
function row(report, what, { idle, busy, others }) {
  const cpu = `${idle.cpu.toFixed(2)} % idle (${others.toFixed(1)} forks per s), ${busy.cpu.toFixed(2)} % busy`;
  report.row(what, `${cpu}; ${busy.rss.toFixed(0)} MiB resident, ${busy.own.toFixed(0)} MiB its own`);
}

async function agentCost(bench) {
  const { host } = bench;
  await host.start();
  try {
    return await costOf(bench, [[host.sensorPid], [host.agentPid]]);
  } finally {
    await host.stop();
  }
}

async function rivalCost(bench, rival) {
  await rival.start();
  try {
    const [cost] = await costOf(bench, [rival.pids]);
    return cost;
  } finally {
    await rival.stop();
  }
}

export async function measureCost(bench, report) {
  const { seconds } = bench.counts;
  report.part(
    `Processor (of one core) and memory, ${seconds} s idle and ${seconds} s at ${PER_SECOND} execs per s`,
  );
  const [sensor, agent] = await agentCost(bench);
  row(report, 'sensor', sensor);
  row(report, 'agent', agent);
  const both = sensor.busy.cpu + agent.busy.cpu;
  for (const rival of bench.rivals) {
    const why = await rival.refusal();
    if (why !== null) {
      report.row(rival.name, `does not run here: ${why}`);
      continue;
    }
    const cost = await rivalCost(bench, rival);
    row(report, rival.name, cost);
    report.row(`sensor and agent / ${rival.name}, busy`, (both / cost.busy.cpu).toFixed(1));
  }
}
