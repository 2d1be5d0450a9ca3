import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

/** Milliseconds between two looks at the event loop. */
const RESOLUTION_MS = 10;
const NANOSECONDS = 1e9;

/** The limit of descriptors of a process, proc_pid_limits(5); null where it is not to be had. */
export function descriptorLimit(pid: number | 'self' = 'self'): number | null {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}

function delays(
  histogram: Pick<RecordableHistogram, 'percentile' | 'max' | 'reset'>,
): ReadonlyMap<string, number> {
  const seconds = (value: number) => Math.max(0, value / NANOSECONDS - RESOLUTION_MS / 1_000);
  const reading = new Map([
    ['0.5', seconds(histogram.percentile(50))],
    ['0.99', seconds(histogram.percentile(99))],
    ['1', seconds(histogram.max)],
  ]);
  histogram.reset();
  return reading;
}

/** Adds what is known of the process itself. Answers a function that ends the measuring. */
export function watchProcess(metrics: Metrics): () => void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const started = Date.now() / 1_000 - process.uptime();
  metrics.watch('sealwatch_central_event_loop_delay_seconds', () => delays(histogram));
  metrics.watch('process_resident_memory_bytes', () => process.memoryUsage.rss());
  metrics.watch('process_start_time_seconds', () => started);
  metrics.watch('process_open_fds', () => readdirSync('/proc/self/fd').length);
  metrics.watch('process_max_fds', () => descriptorLimit());
  return () => histogram.disable();
}
