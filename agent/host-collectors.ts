import { setTimeout as sleep } from 'node:timers/promises';
import { createProcessCollector, FileWatcher, type ProcessCollector } from '../collectors/index.ts';
import type { AgentOptions } from './agent-options.ts';
import { credentialPlaces } from './credential-places.ts';

/** Milliseconds that a look at the host waits to be told who wrote what it found. */
const WRITERS_TOLD_MS = 2_000;

function processCollector(options: AgentOptions): ProcessCollector {
  const { sensorPath, sensorReason, fileActor, pin, execPermission, rules } = options;
  const why = sensorReason === undefined ? {} : { sensorReason };
  return createProcessCollector({
    sensorPath,
    fileActor,
    execPermission,
    scope: rules.settings.rule_scope,
    ...why,
    ...(pin === null ? {} : { pin }),
  });
}

/** The collectors of files and of processes, and what they are told to look at. */
export class HostCollectors {
  readonly files = new FileWatcher();
  readonly processes: ProcessCollector;
  readonly #options: AgentOptions;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.processes = processCollector(options);
  }

  /** Waits, a bounded time, until it is known who wrote what is already seen. */
  async writersTold(): Promise<void> {
    const told = this.processes.sync().catch(() => {});
    await Promise.race([told, sleep(WRITERS_TOLD_MS, undefined, { ref: false })]);
  }

  /** Has writers told of what is watched now, but for those into these trees; and credentials guarded. */
  tellOfWriters(except: readonly string[]): void {
    this.processes.watchDirectories(this.files.directories.filter(({ path }) => !except.includes(path)));
    this.processes.guardPaths(credentialPlaces(this.#options.users.map(({ home }) => home)));
  }
}
