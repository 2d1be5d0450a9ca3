export {
  createProcessCollector,
  type ProcessCollector,
  type ProcessCollectorOptions,
} from './process-collector.ts';
export { MAX_PROCESSES, type SweepOptions, sweepProcesses } from './sweep.ts';
