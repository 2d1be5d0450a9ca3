import { uptime } from 'node:os';
import { startOf, TICKS_PER_SECOND } from '../../collectors/index.ts';
import type { ListedJournal } from './journal-directory.ts';

/** Milliseconds by which a clock may be off before a pid counts as taken by another process. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Whether anything may still be written to a journal file: its guard lives, and has begun no later part. */
export function isFinished(journal: ListedJournal, all: readonly ListedJournal[]): boolean {
  const { began, pid, nonce, part } = journal;
  const isLater = (other: ListedJournal) =>
    other.pid === pid && other.nonce === nonce && other.began === began && other.part > part;
  return all.some(isLater) || !isRunning(pid, began);
}

/** Whether a process that began no later than `began` (milliseconds since the epoch) has this pid. */
export function isRunning(pid: number, began: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const ticks = startOf(pid);
  if (ticks === null) return true;
  const start = Date.now() - uptime() * 1_000 + (ticks * 1_000) / TICKS_PER_SECOND;
  return start <= began + CLOCK_TOLERANCE_MS;
}
