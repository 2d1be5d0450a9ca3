// Part `slowdown`: an exec-heavy build with and without something that watches, in pairs.
import { setTimeout as wait } from 'node:timers/promises';
import { median } from './figures.mjs';
import { makeBuild } from './sensor-build.mjs';
import { stormWords } from './sensor-storm.mjs';
import { cpuSeconds, forks } from './sensor-usage.mjs';

const GOALS = { outside: 0.5, inside: 3 };
const WHERE = {
  outside: 'outside of every subtree',
  inside: 'in a subtree whose policy allows shells',
  alerting: 'in a subtree, each shell an alert',
};
const RESAMPLES = 2_000;
/** Builds in a row with one start of what watches. */
const BLOCK = 3;
const WARM_EXECS = 2_000;
/** Milliseconds in which what watches comes to the end of what a build gave it. */
const DRAIN_MS = 300;

/** One build; `watched` are the processes that watch it meanwhile, whose processor time counts as well. */
async function build(bench, place, made, watched = []) {
  const runner = bench.host.runner(place);
  try {
    const before = { forks: forks(), cpu: cpuSeconds(watched) };
    const { seconds, stderr } = await runner.run(made.words, { cwd: made.place });
    await wait(DRAIN_MS);
    const [user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
    const own = user + system;
    const all = own + cpuSeconds(watched) - before.cpu;
    return { seconds, own, all, forks: forks() - before.forks };
  } finally {
    await runner.stop();
  }
}

async function builds(bench, place, made, watched) {
  const all = [];
  for (let at = 0; at < BLOCK; at += 1) all.push(await build(bench, place, made, watched));
  return all;
}

/** A program that has just started is slow: what is measured is one that has run for a while. */
async function warmUp(bench, place, made) {
  const runner = bench.host.runner(place);
  try {
    await runner.run(stormWords(bench.storm, `warm${process.pid}`, WARM_EXECS));
  } finally {
    await runner.stop();
  }
  await build(bench, place, made);
}

async function watchedBuilds(bench, place, made, watcher) {
  await watcher.start();
  try {
    await warmUp(bench, place, made);
    return await builds(bench, place, made, watcher.pids);
  } finally {
    await watcher.stop();
  }
}

/** Pairs, in blocks that share a start of the watcher; which half of a block comes first changes each time. */
async function pairs(bench, place, made, watcher) {
  const all = [];
  for (let at = 0; at * BLOCK < bench.counts.pairs; at += 1) {
    const first = at % 2 === 0 ? null : await builds(bench, place, made, []);
    const watched = await watchedBuilds(bench, place, made, watcher);
    const alone = first ?? (await builds(bench, place, made, []));
    all.push(...watched.map((run, index) => ({ with: run, without: alone[index] })));
  }
  return all;
}

/** The middle 95 % of medians of resampled pairs. */
function interval(values) {
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[Math.floor(Math.random() * values.length)])),
  ).sort((a, b) => a - b);
  return [medians[Math.floor(RESAMPLES * 0.025)], medians[Math.floor(RESAMPLES * 0.975)]];
}

const signed = (n) => `${n < 0 ? '−' : '+'}${Math.abs(n).toFixed(1)}`;

function slowdown(figure, measured) {
  const percent = measured.map((pair) => (pair.with[figure] / pair.without[figure] - 1) * 100);
  const [from, to] = interval(percent);
  const [low, high] = [Math.min(...percent), Math.max(...percent)];
  const text = `${signed(median(percent))} % (${signed(low)} to ${signed(high)})`;
  return { from, to, text: `${text}; 95 % interval ${signed(from)} to ${signed(to)}` };
}

/** Only an interval on one side of the goal decides it. */
function verdict({ from, to }, goal) {
  return { text: `at most ${goal} %`, met: to <= goal ? true : from > goal ? false : null };
}

function row(report, what, measured, goal) {
  const wall = slowdown('seconds', measured);
  report.row(`${what}: time`, wall.text, goal === undefined ? undefined : verdict(wall, goal));
  report.row(`${what}: processor, build`, slowdown('own', measured).text);
  report.row(`${what}: processor, build and watcher`, slowdown('all', measured).text);
}

async function agentRows(bench, report, made, place) {
  const { host } = bench;
  let alerts = 0;
  let before = 0;
  const measured = await pairs(bench, place, made, {
    start: async () => {
      await host.start();
      before = (await host.status()).central.last_seq;
    },
    get pids() {
      return [host.agentPid, host.sensorPid];
    },
    stop: async () => {
      alerts += (await host.status()).central.last_seq - before;
      await host.stop();
    },
  });
  const each = alerts / measured.length;
  row(report, `agent, build ${WHERE[place]} (${each.toFixed(0)} alerts each)`, measured, GOALS[place]);
}

export async function measureSlowdown(bench, report) {
  const made = makeBuild(bench.host.directory, bench.counts.files);
  await build(bench, 'outside', made);
  const still = { start: async () => {}, pids: [], stop: async () => {} };
  const nothing = await pairs(bench, 'outside', made, still);
  const alone = nothing.flatMap((pair) => [pair.with, pair.without]);
  const of = (figure) => median(alone.map(figure));
  report.part(
    `Slowdown of \`make -j2\` of ${bench.counts.files} files (${of((run) => run.forks)} forks, ${of((run) => run.seconds).toFixed(1)} s, ${of((run) => run.forks / run.seconds).toFixed(0)} forks per s), ${nothing.length} pairs`,
  );
  row(report, 'nothing beside nothing', nothing);
  for (const place of ['outside', 'inside', 'alerting']) await agentRows(bench, report, made, place);
  for (const rival of bench.rivals) {
    const why = await rival.refusal();
    if (why !== null) report.row(`${rival.name}, build outside`, `does not run here: ${why}`);
    else row(report, `${rival.name}, build outside`, await pairs(bench, 'outside', made, rival));
  }
}
