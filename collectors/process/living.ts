import type { CollectorEvent, ProcessExit } from '../../wire/index.ts';
import { readStat } from './proc.ts';

/**
 * The processes that events have told of and that have not ended. Where events were lost it finds those
 * that ended unseen, so that nobody keeps ghosts. Its size is bounded by the host's number of pids.
 */
export class LivingProcesses {
  readonly #starts = new Map<number, number>();

  note(event: CollectorEvent): void {
    if (event.kind === 'process_fork' || event.kind === 'process_exec')
      this.#starts.set(event.pid, event.start);
    else if (event.kind === 'process_exit' && this.#starts.get(event.pid) === event.start)
      this.#starts.delete(event.pid);
  }

  /** Exits of those that /proc no longer shows, source `sweep`, without an exit code. */
  async findEnded(procRoot: string, now: () => number): Promise<readonly ProcessExit[]> {
    const ended: ProcessExit[] = [];
    for (const [pid, start] of [...this.#starts]) {
      const stat = await readStat(procRoot, pid);
      const lives = stat !== null && stat.start === start && !'ZX'.includes(stat.state);
      // A live event may have told of it while we read.
      if (lives || this.#starts.get(pid) !== start) continue;
      ended.push({
        kind: 'process_exit',
        time: now(),
        source: 'sweep',
        pid,
        start,
        exit_code: null,
        uid: null,
      });
    }
    return ended;
  }
}
