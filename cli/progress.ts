/** Milliseconds of silence: what ends sooner needs no progress. */
const FIRST_AFTER_MS = 300;
const REPEAT_MS = 100;
const BAR_CELLS = 20;

/** One line on a terminal that is written over, and gone at the end. */
export interface Progress {
  update(done: number, total: number): void;
  clear(): void;
}

/** Shows how far something is, on stderr; shows nothing where that is no terminal or `isWanted` is false. */
export function showProgress(
  what: string,
  isWanted: boolean,
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stderr,
  now: () => number = () => performance.now(),
): Progress {
  if (!isWanted || stream.isTTY !== true) return { update: () => {}, clear: () => {} };
  let next = now() + FIRST_AFTER_MS;
  let isShown = false;
  return {
    update: (done, total) => {
      if (now() < next) return;
      next = now() + REPEAT_MS;
      isShown = true;
      const filled = total === 0 ? BAR_CELLS : Math.floor((done / total) * BAR_CELLS);
      const bar = '█'.repeat(filled).padEnd(BAR_CELLS, '░');
      stream.write(`\r\u{1b}[K${what} ${bar} ${done}/${total}`);
    },
    clear: () => {
      if (isShown) stream.write('\r\u{1b}[K');
    },
  };
}
