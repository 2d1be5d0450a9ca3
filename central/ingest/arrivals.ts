import { setImmediate } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import type { HelloFrame } from '../../wire/index.ts';
import {
  type Generations,
  type HelloRuling,
  isCurrentGeneration,
  newGeneration,
} from '../identity/generations.ts';
import type { Schema } from '../store/schema.ts';
import type { Store } from '../store/store.ts';

/** Hellos, and proofs, that one transaction takes. */
const GROUP = 256;

/** What a hello comes to. */
export type Arrival =
  | (Extract<HelloRuling, { kind: 'welcome' }> & { readonly acked: number })
  | Exclude<HelloRuling, { kind: 'welcome' }>;

/** An agent is welcomed while the database is away: it keeps the generation that it was last given. */
export interface PlainWelcome {
  readonly kind: 'welcome';
  readonly generation: null;
  readonly renumber: false;
  readonly acked: number;
}

/** Who takes hellos. */
export interface Reception {
  register(hello: HelloFrame, isHeld: () => Promise<boolean>): Promise<Arrival | PlainWelcome>;
  proved(agent: string, generation: string): Promise<undefined>;
}

interface Waiting<T, R> {
  readonly what: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

interface Proof {
  readonly agent: string;
  readonly generation: string;
}

type WaitingHello = Waiting<HelloFrame, Arrival | null>;

export interface ArrivalsParts {
  readonly store: Pick<Store, 'db' | 'dialect' | 'registerAgent'>;
  readonly generations: Pick<Generations, 'judge'>;
  readonly clock: () => number;
}

/**
 * Registers agents as they come. What waits is written together, with one sync: when a whole fleet returns, its hellos
 * take as many transactions as the disk allows, not as many as there are agents.
 */
export class Arrivals {
  readonly #parts: ArrivalsParts;
  #hellos: WaitingHello[] = [];
  #proofs: Waiting<Proof, undefined>[] = [];
  #isWorking = false;

  constructor(parts: ArrivalsParts) {
    this.#parts = parts;
  }

  /**
   * Registers an agent and gives it a new generation. One that shows an old generation is judged on its own, since that can
   * take a while. `isHeld` tells whether another session of the same agent answers just now.
   */
  async register(hello: HelloFrame, isHeld: () => Promise<boolean>): Promise<Arrival> {
    const arrival = await new Promise<Arrival | null>((resolve, reject) => {
      this.#hellos.push({ what: hello, resolve, reject });
      this.#start();
    });
    if (arrival !== null) return arrival;
    const { generations, store, clock } = this.#parts;
    const ruling = await generations.judge(hello, isHeld);
    if (ruling.kind !== 'welcome') return ruling;
    const acked = await store.registerAgent(hello.agent, new Date(clock()).toISOString());
    return { ...ruling, acked };
  }

  /** The agent has sent something after its welcome, so it keeps this generation: the one before no longer counts. */
  proved(agent: string, generation: string): Promise<undefined> {
    return new Promise((resolve, reject) => {
      this.#proofs.push({ what: { agent, generation }, resolve, reject });
      this.#start();
    });
  }

  #start(): void {
    if (!this.#isWorking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    await setImmediate();
    while (this.#hellos.length + this.#proofs.length > 0) {
      await this.#write(this.#takeHellos(), this.#proofs.splice(0, GROUP));
    }
    this.#isWorking = false;
  }

  /** The next hellos, of each agent one at most. */
  #takeHellos(): readonly WaitingHello[] {
    const taken = new Map<string, WaitingHello>();
    const later: WaitingHello[] = [];
    for (const waiting of this.#hellos) {
      const { id } = waiting.what.agent;
      if (taken.size < GROUP && !taken.has(id)) taken.set(id, waiting);
      else later.push(waiting);
    }
    this.#hellos = later;
    return [...taken.values()];
  }

  async #write(hellos: readonly WaitingHello[], proofs: readonly Waiting<Proof, undefined>[]): Promise<void> {
    try {
      const arrivals = await this.#parts.store.db.transaction().execute(async (transaction) => {
        if (proofs.length > 0) await noteProofs(transaction, proofs);
        return hellos.length > 0 ? await this.#registerAll(transaction, hellos) : new Map<string, Arrival>();
      });
      for (const { resolve } of proofs) resolve(undefined);
      for (const { what, resolve } of hellos) resolve(arrivals.get(what.agent.id) ?? null);
    } catch (error) {
      for (const { reject } of [...hellos, ...proofs]) reject(error);
    }
  }

  async #registerAll(
    transaction: Transaction<Schema>,
    hellos: readonly WaitingHello[],
  ): Promise<ReadonlyMap<string, Arrival>> {
    const { store, clock } = this.#parts;
    const now = new Date(clock()).toISOString();
    const seen = ({ what }: WaitingHello) => ({ ...what.agent, first_seen: now, last_seen: now });
    await transaction
      .insertInto('agents')
      .values(hellos.map((waiting) => ({ ...seen(waiting), last_seq: 0, state: 'connected' as const })))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    let query = transaction
      .selectFrom('agents')
      .select(['id', 'generation', 'generation_before', 'last_seq'])
      .where(
        'id',
        'in',
        hellos.map(({ what }) => what.agent.id),
      )
      .orderBy('id');
    if (store.dialect === 'postgres') query = query.forUpdate();
    const held = new Map((await query.execute()).map((row) => [row.id, row]));
    const current = hellos.flatMap((waiting) => {
      const row = held.get(waiting.what.agent.id);
      return row !== undefined && isCurrentGeneration(row, waiting.what) ? [{ waiting, row }] : [];
    });
    if (current.length === 0) return new Map();
    const arrivals = new Map<string, Arrival>();
    const rows = current.map(({ waiting, row }) => {
      const { agent, generation: shown, machine } = waiting.what;
      const generation = newGeneration();
      arrivals.set(agent.id, { kind: 'welcome', generation, renumber: false, acked: Number(row.last_seq) });
      const given = { generation, generation_before: shown ?? '', machine };
      return { ...seen(waiting), ...given, last_seq: 0, state: 'connected' as const };
    });
    await transaction
      .insertInto('agents')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet(({ ref }) => ({
          host: ref('excluded.host'),
          os: ref('excluded.os'),
          version: ref('excluded.version'),
          last_seen: ref('excluded.last_seen'),
          state: ref('excluded.state'),
          generation: ref('excluded.generation'),
          generation_before: ref('excluded.generation_before'),
          machine: ref('excluded.machine'),
        })),
      )
      .execute();
    return arrivals;
  }
}

async function noteProofs(
  transaction: Transaction<Schema>,
  proofs: readonly Waiting<Proof, undefined>[],
): Promise<void> {
  await transaction
    .updateTable('agents')
    .set({ generation_before: null })
    .where(
      'id',
      'in',
      proofs.map(({ what }) => what.agent),
    )
    // A generation is random and stands for one agent, so that the two lists need not be told apart.
    .where(
      'generation',
      'in',
      proofs.map(({ what }) => what.generation),
    )
    .execute();
}
