import type { AlertActor, Ancestor, FileWrite } from '../../wire/index.ts';

/** Paths of which the last writer is remembered; the one written longest ago is forgotten first. */
const MAX_PATHS = 4_096;

/** Who touched a path last, as far as it is known. */
export interface Writer {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Start of the process in clock ticks since boot; null where it was gone at once. */
  readonly start: number | null;
  readonly actor: AlertActor;
  readonly user: string;
  readonly ancestry: readonly Ancestor[];
  /** Id of the server in whose subtree the process was, outside of its launch chain; null where it was in none. */
  readonly serverId: string | null;
}

/** A process as it was when it wrote, put into words only where they are asked for: most writes never are. */
export type WritingProcess = () => Omit<Writer, 'time' | 'start'>;

/** The process behind a write; null where the table never heard of it. */
export type ProcessOf = (write: FileWrite) => WritingProcess | null;

interface LastWrite {
  readonly time: number;
  readonly start: number | null;
  readonly process: WritingProcess;
}

/** The last writer of each path in the watched directories. The agent's own writes are none. */
export class FileActors {
  readonly #last = new Map<string, LastWrite>();
  readonly #processOf: ProcessOf;
  readonly #ownPid: number;

  constructor(processOf: ProcessOf, ownPid: number = process.pid) {
    this.#processOf = processOf;
    this.#ownPid = ownPid;
  }

  observe(write: FileWrite): void {
    if (write.pid === this.#ownPid) return;
    const process = this.#processOf(write) ?? (() => unknownProcess(write.pid));
    this.#last.delete(write.path);
    this.#last.set(write.path, { time: write.time, start: write.start, process });
    if (this.#last.size <= MAX_PATHS) return;
    const [oldest] = this.#last.keys();
    if (oldest !== undefined) this.#last.delete(oldest);
  }

  writerOf(path: string): Writer | null {
    const last = this.#last.get(path);
    return last === undefined ? null : { ...last.process(), time: last.time, start: last.start };
  }
}

function unknownProcess(pid: number): Omit<Writer, 'time' | 'start'> {
  return {
    actor: { pid, exe: '', cmdline: '', in_subtree: false },
    user: '',
    ancestry: [],
    serverId: null,
  };
}
