import si from 'systeminformation';
import type { ProcessExec } from '../../wire/index.ts';
import { listPids, readProcess } from './proc.ts';
import { bootTime, fromSystem } from './sampler/system-process.ts';

export const MAX_PROCESSES = 65_536;
const READERS = 8;

export interface SweepOptions {
  readonly platform?: NodeJS.Platform;
  readonly procRoot?: string;
  readonly now?: () => number;
}

async function sweepProc(procRoot: string, now: () => number): Promise<readonly ProcessExec[]> {
  const pids = (await listPids(procRoot)).slice(0, MAX_PROCESSES);
  const found: ProcessExec[] = [];
  let next = 0;
  const read = async (): Promise<void> => {
    for (let pid = pids[next++]; pid !== undefined; pid = pids[next++]) {
      const event = await readProcess(procRoot, pid, 'sweep', now());
      if (event !== null) found.push(event);
    }
  };
  await Promise.all(Array.from({ length: READERS }, read));
  return found.sort((a, b) => a.start - b.start || a.pid - b.pid);
}

/**
 * One pass over the processes that run now, oldest first, as exec events of source `sweep`; at most
 * MAX_PROCESSES. What goes away meanwhile is left out. Never rejects.
 */
export async function sweepProcesses(options: SweepOptions = {}): Promise<readonly ProcessExec[]> {
  const { platform = process.platform, procRoot = '/proc', now = Date.now } = options;
  if (platform === 'linux') return sweepProc(procRoot, now);
  const boot = bootTime(now());
  const { list } = await si.processes();
  return list.slice(0, MAX_PROCESSES).map((found) => fromSystem(found, 'sweep', now(), boot));
}
