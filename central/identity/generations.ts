import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { HelloFrame } from '../../wire/index.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Schema } from '../store/schema.ts';

const GENERATION_BYTES = 16;

/** A generation that was never given before. */
export function newGeneration(): string {
  return randomBytes(GENERATION_BYTES).toString('hex');
}

/** Whether a hello shows what its agent was last given, or has just been given and may not have got. */
export function isCurrentGeneration(
  held: Pick<Held, 'generation' | 'generation_before'>,
  hello: Pick<HelloFrame, 'generation'>,
): boolean {
  const { generation, generation_before: before } = held;
  return generation === null || [generation, before].includes(hello.generation ?? NONE);
}

/** Stands for the generation of an agent that was never welcomed. */
const NONE = '';
/** Times that two sessions of one agent may overtake each other before one of them is sent away. */
const MAX_TRIES = 5;

/** What a hello is answered with. */
export type HelloRuling =
  | {
      readonly kind: 'welcome';
      readonly generation: string;
      /** What the agent has not sent must be numbered anew. */
      readonly renumber: boolean;
    }
  | { readonly kind: 'cloned' | 'busy'; readonly message: string };

export interface GenerationsParts {
  readonly db: Kysely<Schema>;
  readonly audit: AuditLog;
  readonly clock: () => number;
  /** Called each time that a second holder of an identity is sent away. */
  readonly onCloned: (agent: string, detail: string) => void;
}

interface Next {
  readonly generation: string;
  readonly before: string | null;
}

interface Held {
  readonly generation: string | null;
  readonly generation_before: string | null;
  readonly machine: string | null;
}

/**
 * Tells a cloned state directory from a restored one. Each welcome gives a new random generation, which the agent keeps before
 * it sends anything; so of two copies, only one can show the newest.
 */
export class Generations {
  readonly #parts: GenerationsParts;

  constructor(parts: GenerationsParts) {
    this.#parts = parts;
  }

  /**
   * Judges a hello. `isHeld` tells whether another session of the same agent answers just now.
   */
  async judge(hello: HelloFrame, isHeld: () => Promise<boolean>): Promise<HelloRuling> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const held = await this.#held(hello);
      const shown = hello.generation ?? NONE;
      const isCurrent = isCurrentGeneration(held, hello);
      const fault = isCurrent ? null : await this.#cloneFault(hello, held, isHeld);
      if (fault !== null) return await this.#refuse(hello, fault);
      const generation = newGeneration();
      const isGiven = isCurrent
        ? await replace(this.#parts.db, hello, held, { generation, before: shown })
        : await this.#restore(hello, held, { generation, before: null });
      if (!isGiven) continue;
      return { kind: 'welcome', generation, renumber: !isCurrent };
    }
    return { kind: 'busy', message: 'several sessions of this agent begin at once' };
  }

  /** What is known of the agent; one that the database does not know, whatever its certificate says, is new. */
  async #held({ agent }: HelloFrame): Promise<Held> {
    const { db, clock } = this.#parts;
    const known = () =>
      db
        .selectFrom('agents')
        .select(['generation', 'generation_before', 'machine'])
        .where('id', '=', agent.id)
        .executeTakeFirst();
    const held = await known();
    if (held !== undefined) return held;
    const now = new Date(clock()).toISOString();
    await db
      .insertInto('agents')
      .values({ ...agent, first_seen: now, last_seen: now, last_seq: 0, state: 'disconnected' })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    return (await known()) ?? { generation: null, generation_before: null, machine: null };
  }

  /** Why an old generation is that of a clone; null where it is that of a restored copy. */
  async #cloneFault(hello: HelloFrame, held: Held, isHeld: () => Promise<boolean>): Promise<string | null> {
    if (hello.machine !== held.machine) return 'another machine shows an older copy of this identity';
    if (await isHeld()) return 'this identity is in use, and an older copy of it is shown';
    return null;
  }

  /** Gives a restored copy its generation. False where another session came in between. */
  async #restore(hello: HelloFrame, held: Held, next: Next): Promise<boolean> {
    const { id, host } = hello.agent;
    const deed = { actor: 'central', action: 'agent.restored', subject: id, detail: { host } };
    return await this.#parts.audit.within(async (db) => {
      const isGiven = await replace(db, hello, held, next);
      return { answer: isGiven, deed: isGiven ? deed : null };
    });
  }

  async #refuse(hello: HelloFrame, message: string): Promise<HelloRuling> {
    const { audit, clock, onCloned } = this.#parts;
    const { id, host } = hello.agent;
    const deed = { actor: 'central', action: 'agent.cloned', subject: id, detail: { host, message } };
    await audit.within(async (db) => {
      const first = await db
        .updateTable('agents')
        .set({ cloned: new Date(clock()).toISOString() })
        .where('id', '=', id)
        .where('cloned', 'is', null)
        .returning('id')
        .executeTakeFirst();
      // A clone asks again and again; the audit log needs the first only.
      return { answer: null, deed: first === undefined ? null : deed };
    });
    onCloned(id, message);
    return { kind: 'cloned', message };
  }
}

/** False where another session came in between. */
async function replace(db: Kysely<Schema>, hello: HelloFrame, held: Held, next: Next): Promise<boolean> {
  const changed = await db
    .updateTable('agents')
    .set({ generation: next.generation, generation_before: next.before, machine: hello.machine })
    .where('id', '=', hello.agent.id)
    .where('generation', held.generation === null ? 'is' : '=', held.generation)
    .returning('id')
    .executeTakeFirst();
  return changed !== undefined;
}
