export { createProcessCollector, type ProcessCollector } from './process-collector.ts';
