import { closeSync, fstatSync, openSync, type Stats } from 'node:fs';

/** O_PATH of Linux, which Node does not name: open(2). It opens no device, waits for nobody and reads nothing. */
const O_PATH = 0o10000000;

/** What lies at a path, held so that nobody can put something else in its place. */
export interface HeldPath {
  /** Under /proc/self/fd: it leads to what is held. */
  readonly path: string;
  readonly stat: Stats;
  readonly close: () => void;
}

/** Holds what a path that somebody else named leads to; null where that is nothing. */
export function holdPath(path: string): HeldPath | null {
  if (path.includes('\0')) return null;
  try {
    const descriptor = openSync(path, O_PATH);
    const close = () => closeSync(descriptor);
    return { path: `/proc/self/fd/${descriptor}`, stat: fstatSync(descriptor), close };
  } catch {
    return null;
  }
}
