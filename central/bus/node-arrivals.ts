import type { HelloFrame } from '../../wire/index.ts';
import { CentralError } from '../errors.ts';
import type { Arrival, Arrivals, PlainWelcome, Reception } from '../ingest/arrivals.ts';
import type { Store } from '../store/store.ts';
import type { LastWords } from './last-words.ts';

/** Milliseconds that a hello waits for a sign of the database before it goes on without. */
const SIGN_MS = 2_000;
/** Milliseconds for which such a sign holds. */
const FRESH_MS = 1_000;
/** Bytes that a registration is counted as. */
const NOTE_BYTES = 512;

interface NodeArrivalsParts {
  readonly arrivals: Arrivals;
  readonly store: Pick<Store, 'check' | 'registerAgent'>;
  readonly words: LastWords;
  /** What the bus knows to be durable of an agent. */
  readonly settled: (agent: string) => Promise<number>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/**
 * Hellos of an ingest node: a database that is down for hours keeps no agent from connecting. Who it is says its
 * certificate; whether it is a clone is judged at its next hello, since it is given no new generation meanwhile.
 */
export class NodeArrivals implements Reception {
  readonly #parts: NodeArrivalsParts;
  #sign: { readonly at: number; readonly isThere: Promise<boolean> } | null = null;

  constructor(parts: NodeArrivalsParts) {
    this.#parts = parts;
  }

  async register(hello: HelloFrame, isHeld: () => Promise<boolean>): Promise<Arrival | PlainWelcome> {
    const { arrivals, settled } = this.#parts;
    const published = settled(hello.agent.id).catch(() => null);
    const arrival = (await this.#isThere()) ? await orNull(arrivals.register(hello, isHeld)) : null;
    if (arrival === null) return this.#withoutDatabase(hello, await published);
    if (arrival.kind !== 'welcome') return arrival;
    return { ...arrival, acked: Math.max(arrival.acked, (await published) ?? 0) };
  }

  async proved(agent: string, generation: string): Promise<undefined> {
    await orNull(this.#parts.arrivals.proved(agent, generation));
  }

  #withoutDatabase({ agent, last_seq: last }: HelloFrame, acked: number | null): Arrival | PlainWelcome {
    const { words, store, clock } = this.#parts;
    if (acked === null) return { kind: 'busy', message: 'neither bus nor database answers' };
    // An older copy must be numbered anew, which takes the database.
    if (last < acked) return { kind: 'busy', message: 'the database does not answer' };
    const now = new Date(clock()).toISOString();
    words.put(`register ${agent.id}`, NOTE_BYTES, async () => void (await store.registerAgent(agent, now)));
    return { kind: 'welcome', generation: null, renumber: false, acked };
  }

  /** Whether the database answers; asked once for all hellos of a moment. */
  #isThere(): Promise<boolean> {
    const now = performance.now();
    if (this.#sign === null || now - this.#sign.at > FRESH_MS) {
      const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), SIGN_MS).unref());
      const asked = this.#parts.store.check().then(
        () => true,
        () => false,
      );
      this.#sign = { at: now, isThere: Promise.race([asked, late]) };
    }
    return this.#sign.isThere;
  }
}

/** Null where the database is away. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof CentralError && error.code.startsWith('CENTRAL_DATABASE_')) return null;
    throw error;
  }
}
