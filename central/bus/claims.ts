import * as z from 'zod';
import { type CentralLog, describeError } from '../log.ts';
import type { BusConnection, BusLink } from './connection.ts';
import { CLAIMS_SUBJECT } from './streams.ts';

/** Bytes of a claim. */
const MAX_CLAIM_BYTES = 1_024;

const claimSchema = z.object({
  agent: z.string().regex(/^[0-9a-f]{16}$/),
  /** Which process claims: a node may have been started again. */
  node: z.string().max(300),
});

interface ClaimsParts {
  readonly connection: BusConnection;
  /** What no other process says. */
  readonly node: string;
  readonly log: CentralLog;
  /** Another node has the agent now. */
  readonly onLost: (agent: string) => void;
}

/**
 * Tells the nodes which of them an agent connected to last. Said once and not kept: where it is not heard, the older
 * session ends when its connection is seen to be dead, and until then alerts that come twice are stored once.
 */
export class Claims {
  readonly #parts: ClaimsParts;
  #heardOn: BusLink | null = null;

  constructor(parts: ClaimsParts) {
    this.#parts = parts;
    parts.connection.onUp((link) => this.#listen(link));
  }

  /** Tells the others that this node has the agent. */
  claim(agent: string): void {
    const { connection, node } = this.#parts;
    // Said later it would be wrong: the agent may have moved on by then.
    connection.link?.connection.publish(CLAIMS_SUBJECT, JSON.stringify({ agent, node }));
  }

  #listen(link: BusLink): void {
    if (this.#heardOn === link) return;
    this.#heardOn = link;
    link.connection.subscribe(CLAIMS_SUBJECT, {
      callback: (error, message) => {
        if (error === null) this.#hear(message.data);
        else this.#parts.log.warn('claims cannot be heard', { error: describeError(error) });
      },
    });
  }

  #hear(data: Uint8Array): void {
    if (data.length > MAX_CLAIM_BYTES) return;
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(data).toString('utf8'));
    } catch {
      return;
    }
    const claim = claimSchema.safeParse(value);
    if (claim.success && claim.data.node !== this.#parts.node) this.#parts.onLost(claim.data.agent);
  }
}
