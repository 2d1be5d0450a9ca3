import { readFileSync } from 'node:fs';
import { type FileHandle, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessExec, ProcessSource } from '../../wire/index.ts';

const MAX_CMDLINE_BYTES = 131_072;
const MAX_STAT_BYTES = 4096;
/** Clock ticks of /proc in a second: USER_HZ, proc_pid_stat(5). */
export const TICKS_PER_SECOND = 100;
/** PF_KTHREAD, include/linux/sched.h. */
const KERNEL_THREAD = 0x0020_0000;

/** Fields of /proc/PID/stat: proc_pid_stat(5). */
export interface ProcStat {
  readonly state: string;
  readonly ppid: number;
  readonly kernelThread: boolean;
  /** Clock ticks since boot. */
  readonly start: number;
}

async function readBounded(path: string, limit: number): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const buffer = Buffer.alloc(Math.min(limit, 4096));
    const parts: Buffer[] = [];
    let total = 0;
    while (total < limit) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, limit - total), null);
      if (bytesRead === 0) break;
      parts.push(Buffer.from(buffer.subarray(0, bytesRead)));
      total += bytesRead;
    }
    return Buffer.concat(parts);
  } finally {
    await file?.close();
  }
}

/** Parses /proc/PID/stat; the name in brackets may itself hold brackets and spaces. Null where it is malformed. */
export function parseStat(text: string): ProcStat | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', ppid = ''] = fields;
  const flags = Number(fields[6]);
  const start = Number(fields[19]);
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(flags) || !/^\d+$/.test(ppid)) return null;
  return { state, ppid: Number(ppid), kernelThread: (flags & KERNEL_THREAD) !== 0, start };
}

/** Effective id: the second of the four numbers behind `Uid:` or `Gid:` in /proc/PID/status. */
function effectiveId(status: string, key: 'Uid' | 'Gid'): number | null {
  const found = new RegExp(`^${key}:\\t\\d+\\t(\\d+)`, 'm').exec(status)?.[1];
  return found === undefined ? null : Number(found);
}

/** Reads who a process is; null where it is gone. */
export async function readStat(procRoot: string, pid: number): Promise<ProcStat | null> {
  try {
    return parseStat((await readBounded(join(procRoot, String(pid), 'stat'), MAX_STAT_BYTES)).toString());
  } catch {
    return null;
  }
}

/** Start time of a living process in clock ticks since boot; null where it is gone or /proc does not tell. */
export function startOf(pid: number): number | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.start ?? null;
  } catch {
    return null;
  }
}

async function readLinkOrNull(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch {
    return null;
  }
}

/** Process ids under a /proc; empty where there is none. */
export async function listPids(procRoot: string): Promise<readonly number[]> {
  try {
    const names = await readdir(procRoot);
    return names.filter((name) => /^[1-9]\d{0,9}$/.test(name)).map(Number);
  } catch {
    return [];
  }
}

/**
 * Reads one living process of user space as an exec event. Where /proc denies the image, `exe` is argv[0];
 * `script` stays null, since /proc cannot tell. Null for kernel threads, zombies, and processes that went
 * away or whose pid changed hands meanwhile. The command line is cut at 128 KiB, and flagged so.
 */
export async function readProcess(
  procRoot: string,
  pid: number,
  source: ProcessSource,
  time: number,
): Promise<ProcessExec | null> {
  const folder = join(procRoot, String(pid));
  const stat = await readStat(procRoot, pid);
  if (stat === null || stat.kernelThread || 'ZX'.includes(stat.state)) return null;
  try {
    const status = (await readBounded(join(folder, 'status'), MAX_STAT_BYTES)).toString();
    const cmdline = await readBounded(join(folder, 'cmdline'), MAX_CMDLINE_BYTES);
    const exe = await readLinkOrNull(join(folder, 'exe'));
    const cwd = await readLinkOrNull(join(folder, 'cwd'));
    const uid = effectiveId(status, 'Uid');
    const gid = effectiveId(status, 'Gid');
    const after = await readStat(procRoot, pid);
    if (after?.start !== stat.start || uid === null || gid === null) return null;
    const argv = cmdline.length === 0 ? [] : cmdline.toString('utf8').replace(/\0$/, '').split('\0');
    const truncated = cmdline.length === MAX_CMDLINE_BYTES;
    const image = exe ?? argv[0] ?? '';
    const { ppid, start } = stat;
    return {
      kind: 'process_exec',
      time,
      source,
      pid,
      ppid,
      start,
      uid,
      gid,
      exe: image,
      script: null,
      argv,
      cwd,
      truncated,
      image: null,
    };
  } catch {
    return null;
  }
}
