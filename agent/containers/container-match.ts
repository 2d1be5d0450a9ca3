import type { EngineContainer } from './engine.ts';
import type { WantedContainer } from './engine-call.ts';

/** Milliseconds by which the clocks of kernel and engine may differ, and the start of a process be rounded. */
const CLOCK_SLACK_MS = 2_000;
/** Milliseconds for which clients that asked for the same wait until each has a container to get. */
const ORDER_PATIENCE_MS = 3_000;

/**
 * How sure it is that a container is the one that a client asked for: it was named (`exact`); no other container and
 * no other client come into question (`only`); several clients asked for the same, and the first asked is taken to
 * have got the first made (`order`).
 */
export type Certainty = 'exact' | 'only' | 'order';

export interface Match {
  readonly container: EngineContainer;
  readonly certainty: Certainty;
}

/** A client that waits for its container to be found. */
export interface Waiting {
  readonly wanted: WantedContainer;
  /** Milliseconds since the epoch at which it began. */
  readonly began: number;
  /** What its `--cidfile` holds by now; null where it has none or nothing is in it. */
  readonly fileId: string | null;
}

/** Whether a container can be the one that was asked for. */
export function fits({ wanted, began, fileId }: Waiting, container: EngineContainer): boolean {
  const { image, words, entrypoint, name, idFile, labels, interactive } = wanted;
  // NaN, of a time that cannot be read, fits nothing.
  if (!(container.created >= began - CLOCK_SLACK_MS)) return false;
  if (container.image !== image && !container.image.endsWith(`/${image}`)) return false;
  if (idFile !== null && fileId !== container.id) return false;
  if (name !== null && container.name !== name) return false;
  if (interactive !== container.interactive) return false;
  if (entrypoint !== null && container.entrypoint !== entrypoint) return false;
  if (words.length > 0 && !sameWords(words, container.command)) return false;
  return [...labels].every(([key, value]) => container.labels.get(key) === value);
}

/**
 * The container of a client among those that nobody has yet; `rivals` are all clients that wait, with it, and `now`
 * is in milliseconds since the epoch.
 */
export function matchContainer(
  waiting: Waiting,
  free: readonly EngineContainer[],
  rivals: readonly Waiting[],
  now: number,
): Match | null {
  const own = specificity(waiting);
  const isOfAnother = (container: EngineContainer) =>
    rivals.some((rival) => specificity(rival) > own && mayGet(rival, container));
  const found = free
    .filter((container) => fits(waiting, container) && !isOfAnother(container))
    .sort((a, b) => a.created - b.created);
  const { name, idFile } = waiting.wanted;
  const [first] = found;
  if (first === undefined) return null;
  if (name !== null || idFile !== null) return { container: first, certainty: 'exact' };
  const alike = rivals.filter((rival) => found.some((container) => fits(rival, container)));
  if (found.length === 1 && alike.length <= 1) return { container: first, certainty: 'only' };
  if (found.length < alike.length && now - waiting.began < ORDER_PATIENCE_MS) return null;
  const place = [...alike].sort((a, b) => a.began - b.began).indexOf(waiting);
  const taken = found[Math.max(place, 0)];
  return taken === undefined ? null : { container: taken, certainty: 'order' };
}

/** By how much a client asked for that tells its container from others. */
function specificity({ wanted: { name, idFile, labels } }: Waiting): number {
  return name !== null || idFile !== null ? Number.POSITIVE_INFINITY : labels.size;
}

/** Whether a container can turn out to be a client's: its `--cidfile` may still be empty. */
function mayGet(rival: Waiting, container: EngineContainer): boolean {
  return fits(rival.fileId === null ? { ...rival, fileId: container.id } : rival, container);
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}
