import type { Duplex } from 'node:stream';
import { CentralError } from '../errors.ts';
import { isGoodAt } from '../identity/agent-certificate.ts';
import type { Credentials } from '../identity/credentials.ts';
import { IdentityRefusal } from '../identity/refusal.ts';
import type { AgentIdentity } from '../ingest/session.ts';
import type { Store } from '../store/store.ts';

/** Milliseconds between two looks at who is revoked. */
const REVOKED_LOOK_MS = 5_000;

interface NodeCredentialsParts {
  readonly credentials: Pick<Credentials, 'identify' | 'shown'>;
  readonly store: Pick<Store, 'db'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/**
 * Whose connection it is, also while the database is away: the certificate says who, and who was revoked is
 * remembered from the last look. A node that never had such a look lets nobody in.
 */
export class NodeCredentials {
  readonly #parts: NodeCredentialsParts;
  readonly #timer: NodeJS.Timeout;
  #revoked: ReadonlySet<string> | null = null;

  constructor(parts: NodeCredentialsParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.#look(), REVOKED_LOOK_MS).unref();
    void this.#look();
  }

  /** @throws {IdentityRefusal}, and {CentralError} CENTRAL_DATABASE_… where nothing is remembered */
  async identify(socket: Duplex): Promise<AgentIdentity> {
    const { credentials, clock } = this.#parts;
    try {
      return await credentials.identify(socket);
    } catch (error) {
      const isAway = error instanceof CentralError && error.code.startsWith('CENTRAL_DATABASE_');
      if (!isAway || this.#revoked === null) throw error;
    }
    const shown = credentials.shown(socket);
    const { agent, serial } = shown;
    if (!isGoodAt(shown, clock()))
      throw new IdentityRefusal('certificate-expired', 'the client certificate is not good at this time');
    if (this.#revoked.has(agent)) throw new IdentityRefusal('revoked', 'this agent was revoked');
    return { agent, group: '', serial };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { db } = this.#parts.store;
    const rows = await db
      .selectFrom('agents')
      .select('id')
      .where('revoked', 'is not', null)
      .execute()
      .catch(() => null);
    if (rows !== null) this.#revoked = new Set(rows.map(({ id }) => id));
  }
}
