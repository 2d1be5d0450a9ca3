// What a process costs and who it is, from proc(5).
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const QUIET_SECONDS = 0.05;
const QUIET_LOOKS = 2;

function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [name, rest] = [text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')), text.split(') ').at(-1)];
  return { name, fields: rest.split(' ') };
}

/** Processes with this name (as `ps -o comm`), of this parent where one is given. */
export function processesNamed(name, parent) {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = statOf(pid);
        return stat.name === name && (parent === undefined || Number(stat.fields[1]) === parent);
      } catch {
        return false;
      }
    });
}

/** Nanoseconds that the threads of a process have run; the ticks of its stat are too coarse for a short build. */
function runNanoseconds(pid) {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
    return sum + Number(ran);
  }, 0);
}

/** Seconds of the processor that the living threads of these processes have used. */
export function cpuSeconds(pids) {
  return pids.reduce((sum, pid) => sum + runNanoseconds(pid) / 1e9, 0);
}

/** Sizes in KiB of a process's memory by name; none of a kernel thread, which has no memory of its own. */
function rollup(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return new Map([...text.matchAll(/^(\w+):\s+(\d+) kB/gm)].map(([, name, kib]) => [name, Number(kib)]));
  } catch (error) {
    if (error.code === 'ESRCH') return new Map();
    throw error;
  }
}

/** Resident memory in MiB, and the part that is not shared with others. */
export function memory(pids) {
  const all = pids.map(rollup);
  const sum = (...names) =>
    all.reduce((total, sizes) => total + names.reduce((kib, name) => kib + (sizes.get(name) ?? 0), 0), 0) /
    1024;
  return { rss: sum('Rss'), own: sum('Private_Clean', 'Private_Dirty') };
}

/** Processes and threads that were started on this host since its boot. */
export function forks() {
  return Number(/^processes (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))[1]);
}

/** Waits until these processes have nothing left to do, `ms` at the most. */
export async function untilQuiet(pids, ms = 120_000) {
  const deadline = Date.now() + ms;
  for (let quiet = 0; quiet < QUIET_LOOKS && Date.now() < deadline; ) {
    const before = cpuSeconds(pids);
    await wait(500);
    quiet = cpuSeconds(pids) - before < QUIET_SECONDS ? quiet + 1 : 0;
  }
}
