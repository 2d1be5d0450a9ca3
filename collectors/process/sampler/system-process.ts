import { uptime, userInfo } from 'node:os';
import type { Systeminformation } from 'systeminformation';
import type { ProcessExec, ProcessSource } from '../../../wire/index.ts';
import { TICKS_PER_SECOND } from '../proc.ts';

/** What we use of a process as `systeminformation` tells it. */
export type SystemProcess = Pick<
  Systeminformation.ProcessesProcessData,
  'pid' | 'parentPid' | 'started' | 'user' | 'command' | 'params' | 'path' | 'name'
>;

/** When the host booted, in milliseconds since the epoch, to the second. */
export function bootTime(now: number): number {
  return Math.round(now / 1000 - uptime()) * 1000;
}

function uidOf(user: string): number {
  if (user === 'root') return 0;
  const own = userInfo();
  return own.username === user ? own.uid : -1;
}

/**
 * A process of a host without /proc as an exec event: the start is exact to a second or two, arguments are
 * split at blanks, the gid is -1, and so is the uid of users other than root and ours.
 */
export function fromSystem(
  found: SystemProcess,
  source: ProcessSource,
  time: number,
  boot: number,
): ProcessExec {
  const started = Date.parse(found.started.replace(' ', 'T'));
  const ticks = Math.round(((started - boot) / 1000) * TICKS_PER_SECOND);
  return {
    kind: 'process_exec',
    time,
    source,
    pid: found.pid,
    ppid: found.parentPid,
    start: Number.isFinite(ticks) ? Math.max(0, ticks) : 0,
    uid: uidOf(found.user),
    gid: -1,
    exe: found.path === '' ? found.command : `${found.path}/${found.name}`,
    script: null,
    argv: [found.command, ...(found.params === '' ? [] : found.params.split(' '))],
    cwd: null,
    truncated: false,
    image: null,
  };
}
