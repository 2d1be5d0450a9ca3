// Measures the installed agent on a booted host while nothing happens; see docs/performance.md.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cannotBoot } from '../../test/e2e/booted-host.ts';
import { InstalledHost, SCRIPT } from '../../test/e2e/installed-host.ts';
import { machine, say } from './figures.mjs';

const { values } = parseArgs({
  options: {
    /** Seconds that are measured, and those before, in which what begins is over. */
    seconds: { type: 'string', default: '600' },
    settle: { type: 'string', default: '180' },
    /** Servers in the config of one user. */
    servers: { type: 'string', default: '5' },
  },
});
const seconds = Number(values.seconds);
const GOALS = { cpuPercent: 0.2, memoryMb: 120 };
const UNITS = ['sealwatch-agent', 'sealwatch-sensor'];
/** Clock ticks of proc_pid_stat(5), a second. */
const TICKS = 100;
const verdict = (isMet) => (isMet ? 'met' : '**missed**');

const number = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);

/** Processor time in seconds, switches that a sleep ended, and memory of a process, by its pid on this host. */
function usageOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  const threads = readdirSync(`/proc/${pid}/task`);
  const wakeups = threads.reduce(
    (sum, thread) =>
      sum + number(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'), 'voluntary_ctxt_switches'),
    0,
  );
  const memory = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return {
    cpu: (user + system) / TICKS,
    wakeups,
    pss: number(memory, 'Pss') / 1_024,
    anonymous: number(memory, 'Anonymous') / 1_024,
  };
}

const reason = cannotBoot();
if (reason !== false) throw new Error(reason);
const undoings = [];
try {
  say(machine());
  const installed = await InstalledHost.boot({ after: (undo) => undoings.unshift(undo) });
  const { host } = installed;
  host.ok('dpkg', '--install', installed.debs[0]);
  installed.enrol();
  installed.asAlice(SCRIPT, 'process.stdin.resume();\n');
  installed.configure(...Array.from({ length: Number(values.servers) }, (_, at) => `server-${at}`));
  await installed.connected();
  await sleep(Number(values.settle) * 1_000);
  const pids = UNITS.map((unit) => host.outsidePid(unit));
  const before = pids.map(usageOf);
  await sleep(seconds * 1_000);
  const after = pids.map(usageOf);
  const told = UNITS.map((unit, at) => {
    const cpu = ((after[at].cpu - before[at].cpu) / seconds) * 100;
    const wakeups = (after[at].wakeups - before[at].wakeups) / seconds;
    const { pss, anonymous } = after[at];
    say(
      `${unit}: ${cpu.toFixed(2)} % of a core, ${wakeups.toFixed(1)} wake-ups a second, ${pss.toFixed(0)} MiB (${anonymous.toFixed(0)} of its own, the rest from files)`,
    );
    return { cpu, pss };
  });
  const cpu = told.reduce((sum, each) => sum + each.cpu, 0);
  const pss = told.reduce((sum, each) => sum + each.pss, 0);
  say(`both, over ${seconds} s with ${values.servers} servers in the configs:`);
  say(`  ${cpu.toFixed(2)} % of a core; goal ${GOALS.cpuPercent}: ${verdict(cpu <= GOALS.cpuPercent)}`);
  say(`  ${pss.toFixed(0)} MiB; goal ${GOALS.memoryMb} MB: ${verdict(pss * 1.048576 <= GOALS.memoryMb)}`);
} finally {
  for (const undo of undoings) await undo();
}
