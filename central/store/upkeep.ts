import { Retention, type RetentionParts } from './retention.ts';
import { Indexer } from './search/indexer.ts';

/** What looks after the store while central runs. */
export interface Upkeep {
  /** Says that there are new alerts. */
  wake(): void;
  stop(): Promise<void>;
}

/** Starts the index of searches and the retention. */
export function startUpkeep(parts: RetentionParts): Upkeep {
  const { store, log } = parts;
  const indexer = new Indexer({ index: (rows) => store.indexAlerts(rows), log });
  const retention = new Retention(parts);
  retention.start();
  return {
    wake: () => indexer.wake(),
    async stop() {
      await Promise.all([indexer.stop(), retention.stop()]);
    },
  };
}
