// Part `programs`: what each program in the kernel costs an exec, as the kernel itself counts (bpf_stats_enabled).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { run } from './sensor-child.mjs';
import { stormResult, stormWords } from './sensor-storm.mjs';

const EXEC = 'handle_sched_process_exec';
const STATS = '/proc/sys/kernel/bpf_stats_enabled';

/** Whether the kernel counts already, which makes every program a little slower. */
export const isCounting = () => readFileSync(STATS, 'utf8').trim() !== '0';

/** Ids of the programs that a process holds, by itself or by a link; proc(5), fdinfo. */
function programIds(pid) {
  const ids = readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    const text = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
    return [...text.matchAll(/^prog_id:\s+(\d+)$/gm)].map(([, id]) => Number(id));
  });
  return new Set(ids);
}

async function counters(ids) {
  const [text] = await run('bpftool', ['prog', 'show', '--json']);
  const programs = JSON.parse(text).filter(({ id }) => ids.has(id));
  return new Map(
    programs.map(({ id, name, run_time_ns = 0, run_cnt = 0 }) => [id, { name, run_time_ns, run_cnt }]),
  );
}

/** Runs and nanoseconds of each program by name, for each exec: the counters know of the whole host, not of ours. */
function costs(before, after) {
  const grown = [...after].map(([id, { name, run_cnt, run_time_ns }]) => {
    const then = before.get(id) ?? { run_time_ns: 0, run_cnt: 0 };
    return { name, runs: run_cnt - then.run_cnt, ns: run_time_ns - then.run_time_ns };
  });
  const execs = grown.find(({ name }) => name === EXEC)?.runs;
  if (!execs) throw new Error(`the kernel does not count the runs of ${EXEC}`);
  return new Map(grown.map(({ name, runs, ns }) => [name, { runs: runs / execs, ns: ns / execs }]));
}

/** What an exec costs in each program while the storm blows in a place. */
async function profile(bench, place, count) {
  const ids = programIds(bench.host.sensorPid);
  const runner = bench.host.runner(place);
  try {
    await wait(500);
    const before = await counters(ids);
    const words = stormWords(bench.storm, `bpf${process.pid}`, count, { workers: 1 });
    stormResult(await runner.run(words));
    return costs(before, await counters(ids));
  } finally {
    await runner.stop();
  }
}

/** Nanoseconds of one fork, exec, exit and wait while nobody watches. */
async function bareExec(bench, count) {
  const runner = bench.host.runner('outside');
  try {
    const words = stormWords(bench.storm, `bare${process.pid}`, count, { workers: 1 });
    return (stormResult(await runner.run(words)).seconds / count) * 1e9;
  } finally {
    await runner.stop();
  }
}

const cell = ({ runs, ns }) =>
  `${runs.toFixed(2)} × ${runs > 0 ? (ns / runs).toFixed(0) : 0} ns = ${ns.toFixed(0)} ns`;

export async function measurePrograms(bench, report) {
  const { host, counts } = bench;
  const count = counts.programs;
  report.part(`Programs in the kernel, of one exec each: runs × ns (${count} execs, one at a time)`);
  const bare = await bareExec(bench, count);
  const kept = readFileSync(STATS, 'utf8');
  await host.start();
  let [outside, inside] = [new Map(), new Map()];
  writeFileSync(STATS, '1');
  try {
    outside = await profile(bench, 'outside', count);
    inside = await profile(bench, 'inside', count);
  } finally {
    writeFileSync(STATS, kept);
    await host.stop();
  }
  const none = { runs: 0, ns: 0 };
  for (const name of outside.keys()) {
    const [out, within] = [outside.get(name), inside.get(name) ?? none];
    if (out.runs < 0.01 && within.runs < 0.01) continue;
    report.row(name, `outside ${cell(out)}; in a subtree ${cell(within)}`);
  }
  const total = (programs) => [...programs.values()].reduce((sum, { ns }) => sum + ns, 0);
  const share = (ns) => `${(ns / 1_000).toFixed(1)} µs, ${((ns / bare) * 100).toFixed(2)} %`;
  report.row('all of them', `outside ${share(total(outside))}; in a subtree ${share(total(inside))}`);
  report.row('fork, exec, exit and wait, nobody watching', `${(bare / 1_000).toFixed(0)} µs`);
}
