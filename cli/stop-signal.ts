/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, so that a program can end with nothing lost. A second one
 * ends it at once, with the status that a shell expects.
 */
export function stopSignal(onFirst: () => void = () => {}): AbortSignal {
  const controller = new AbortController();
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  for (const [name, number] of Object.entries(numbers)) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + number);
      onFirst();
      controller.abort();
    });
  }
  return controller.signal;
}

/** Resolves when the signal has aborted, also where it has already. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
