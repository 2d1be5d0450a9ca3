const FIRST_MS = 200;
const CEILING_MS = 30_000;

/** Milliseconds to wait before attempt `n` (from 0): doubling, with full jitter so that a fleet does not return at once. */
export function backoff(n: number, random: () => number): number {
  const ceiling = Math.min(CEILING_MS, FIRST_MS * 2 ** Math.min(n, 20));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
