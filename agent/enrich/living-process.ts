import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';

/** Bytes read of an environment; HOME stands near its start as every login sets it. */
const MAX_ENVIRONMENT_BYTES = 256 * 1024;

/** What the first two descriptors of a process are, as the links in /proc/PID/fd name them: `pipe:[4026]`. */
export interface StandardStreams {
  readonly stdin: string;
  readonly stdout: string;
}

/** Asks /proc about living processes. Each answer is null where the process is gone or may not be asked. */
export interface LivingProcesses {
  streams(pid: number): StandardStreams | null;
  /** HOME as the process was given it. */
  home(pid: number): string | null;
}

/** The same from Linux' proc(5); root may ask about everybody. */
export function procProcesses(root = '/proc'): LivingProcesses {
  return {
    streams: (pid) =>
      orNull(() => {
        const link = (fd: number) => readlinkSync(`${root}/${pid}/fd/${fd}`);
        return { stdin: link(0), stdout: link(1) };
      }),
    home: (pid) =>
      orNull(() => /(?:^|\0)HOME=([^\0]*)/.exec(readStart(`${root}/${pid}/environ`))?.[1] ?? null),
  };
}

function orNull<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch {
    return null;
  }
}

function readStart(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(MAX_ENVIRONMENT_BYTES);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read)
      read = readSync(fd, buffer, length, buffer.length - length, null);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
}
