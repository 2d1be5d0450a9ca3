export type { Collector, EventSink } from './collector.ts';
export { COLLECTOR_ERROR_CODES, CollectorError, type CollectorErrorCode } from './errors.ts';
export type { WatchRequest } from './file/watch-plan.ts';
export { FileWatcher } from './file/watcher.ts';
export type {
  ExecPolicy,
  LaunchWords,
  ShellFile,
  TrackedContainer,
  TrackedProcess,
} from './process/ebpf/commands.ts';
export type { ActorDirectory } from './process/ebpf/file-actor.ts';
export type { SensorOrders } from './process/ebpf/sensor.ts';
export { createProcessCollector, type ProcessCollector } from './process/index.ts';
export { startOf, TICKS_PER_SECOND } from './process/proc.ts';
export { sweepProcesses } from './process/sweep.ts';
