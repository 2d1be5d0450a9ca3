const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
/** One Ctrl-C may arrive several times: from the terminal, from npm, from the set-up. Milliseconds. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, so that a program can end with nothing lost. A later one
 * ends it at once, with the status that a shell expects. With `onHangUp`, SIGHUP is no end but calls that.
 */
export function stopSignal(onFirst: () => void = () => {}, onHangUp?: () => void): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const [name, number] of Object.entries(NUMBERS)) {
    if (name === 'SIGHUP' && onHangUp !== undefined) {
      process.on(name, onHangUp);
      continue;
    }
    process.on(name, () => {
      if (!controller.signal.aborted) {
        first = performance.now();
        onFirst();
        controller.abort();
      } else if (performance.now() - first > SAME_SIGNAL_MS) process.exit(128 + number);
    });
  }
  return controller.signal;
}

/** Resolves when the signal has aborted, also where it has already. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
