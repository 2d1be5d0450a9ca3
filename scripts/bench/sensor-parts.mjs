// Measures what the kernel sensor loses and costs; see docs/performance.md for what the figures mean.
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { machine, say } from './figures.mjs';
import { interrupt } from './sensor-child.mjs';
import { measureCost } from './sensor-cost.mjs';
import { SensorHost } from './sensor-host.mjs';
import { measureLatency } from './sensor-latency.mjs';
import { measureBurst, measureLoss } from './sensor-loss.mjs';
import { isCounting, measurePrograms } from './sensor-programs.mjs';
import { makeRivals } from './sensor-rivals.mjs';
import { measureSlowdown } from './sensor-slowdown.mjs';
import { compileStorm } from './sensor-storm.mjs';
import { forks } from './sensor-usage.mjs';

const NOISE_MS = 3_000;
const QUIET_PER_SECOND = 5;
const PARTS = {
  loss: measureLoss,
  burst: measureBurst,
  slowdown: measureSlowdown,
  cost: measureCost,
  latency: measureLatency,
  programs: measurePrograms,
};
/** How much is measured; `seconds` of each half of `cost`, `files` of the build. */
const FULL = {
  loss: 100_000,
  burst: 20_000,
  pairs: 30,
  files: 60,
  seconds: 30,
  latency: 2_000,
  programs: 5_000,
};
const QUICK = { loss: 5_000, burst: 2_000, pairs: 4, files: 30, seconds: 5, latency: 200, programs: 1_000 };

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: Object.keys(PARTS) },
    pairs: { type: 'string' },
  },
});

function refusal() {
  const unknown = values.only.find((name) => PARTS[name] === undefined);
  if (unknown !== undefined)
    return `there is no part ${unknown}; there are: ${Object.keys(PARTS).join(', ')}`;
  if (values.pairs !== undefined && !(Number(values.pairs) >= 2)) return 'pairs: a number from 2 on';
  if (process.platform !== 'linux') return 'the kernel sensor is for Linux';
  return process.getuid() === 0 ? null : 'the kernel sensor needs root';
}

/** Null: the spread is too wide to tell. */
const rating = (met) => (met === null ? '**undecided**' : met ? 'met' : '**missed**');

/** Rows of the tables in docs/performance.md, each printed as soon as it is measured. */
const report = {
  part: (title) => say(`\n${title}\n\n| what | figure | goal |\n|---|---|---|`),
  row: (what, figure, goal) =>
    say(`| ${what} | ${figure} | ${goal === undefined ? '' : `${goal.text}: ${rating(goal.met)}`} |`),
};

/** Others who start programs meanwhile cost what is measured, and the watchers see them as well. */
async function tellNoise() {
  if (isCounting()) say('kernel.bpf_stats_enabled is on: programs in the kernel cost more than they would.');
  const before = forks();
  await wait(NOISE_MS);
  const others = ((forks() - before) / NOISE_MS) * 1_000;
  if (others > QUIET_PER_SECOND)
    say(
      `This host is not quiet: ${others.toFixed(0)} forks per s are by others. Times and processor are not worth much.`,
    );
}

async function measure() {
  const host = new SensorHost();
  try {
    await host.prepare();
    const counts = { ...(values.quick ? QUICK : FULL) };
    if (values.pairs !== undefined) counts.pairs = Number(values.pairs);
    const bench = {
      host,
      counts,
      storm: await compileStorm(host.directory),
      rivals: makeRivals(host.directory),
    };
    for (const name of values.only) await PARTS[name](bench, report);
  } finally {
    await host.remove();
  }
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => {
    stop.abort();
    interrupt();
  });
const why = refusal();
if (why === null) {
  say(machine());
  await tellNoise();
  await measure().catch((error) => {
    if (!stop.signal.aborted) throw error;
    process.exitCode = 130;
  });
} else {
  process.stderr.write(`bench:sensor: ${why}\n`);
  process.exitCode = 2;
}
