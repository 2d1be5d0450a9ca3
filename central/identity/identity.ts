import type { AuditLog } from '../audit/audit-log.ts';
import type { CentralLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';
import { AgentListener } from './agent-listener.ts';
import { Authority } from './authority.ts';
import { Credentials } from './credentials.ts';
import { EnrolledAgents, type ShownAgent } from './enrolled-agents.ts';
import { Enrolment } from './enrolment.ts';
import { EnrolmentTokens, type TokenRecord, type TokenWish } from './enrolment-tokens.ts';
import { Generations } from './generations.ts';
import { RevocationWatch } from './revocation-watch.ts';
import type { IdentitySettings } from './settings.ts';

export interface IdentityParts {
  readonly settings: IdentitySettings;
  readonly store: Store;
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  readonly clock: () => number;
  /** Called each time that a second holder of an identity is sent away. */
  readonly onCloned: (agent: string, detail: string) => void;
  readonly certificateLookMs?: number | undefined;
}

/** A token as it is made: what is shown to the operator, once. */
export interface MadeToken {
  readonly id: string;
  /** `SECRET.PIN`: the pin is that of the authority, so that the agent knows whom it gives the secret to. */
  readonly text: string;
}

/** What operators do about the identities of agents. */
export interface IdentityDesk {
  /** @throws {RangeError} where a wish is out of bounds */
  createEnrolmentToken(wish: TokenWish): Promise<MadeToken>;
  listTokens(): Promise<readonly TokenRecord[]>;
  /** False where there is no such token, or it was revoked before. */
  revokeToken(id: string, actor: string): Promise<boolean>;
  /** By id, `rows` of them behind `after`. */
  listAgents(after: string, rows: number): Promise<readonly ShownAgent[]>;
  /** Ends its session at once, here, and within a second on other nodes. False where there is none, or it is revoked. */
  revokeAgent(id: string, actor: string): Promise<boolean>;
}

/** Everything about who agents are. */
export class Identity implements IdentityDesk {
  readonly credentials: Credentials;
  readonly generations: Generations;
  readonly listener: AgentListener;
  readonly #authority: Authority;
  readonly #tokens: EnrolmentTokens;
  readonly #agents: EnrolledAgents;
  readonly #parts: IdentityParts;
  #onRevoked: (agent: string) => void = () => undefined;
  #watch: RevocationWatch | null = null;

  private constructor(parts: IdentityParts, made: Made) {
    this.#parts = parts;
    this.#authority = made.authority;
    this.#tokens = made.tokens;
    this.#agents = made.agents;
    this.credentials = made.credentials;
    this.listener = made.listener;
    this.generations = new Generations({ db: parts.store.db, ...parts });
  }

  /** @throws {CentralError} CENTRAL_AUTHORITY_UNUSABLE */
  static async open(parts: IdentityParts): Promise<Identity> {
    const { settings, store, audit, clock } = parts;
    const { directory, trust_domain: trustDomain } = settings;
    const authority = await Authority.open({ directory, trustDomain, clock });
    const tokens = new EnrolmentTokens(store.db, audit, clock);
    const agents = new EnrolledAgents(store.db, audit, clock);
    const credentials = new Credentials(authority, agents, clock);
    const enrolment = new Enrolment({ ...parts, authority, tokens, agents });
    const listener = await AgentListener.build({ ...parts, authority, enrolment, credentials });
    return new Identity(parts, { authority, tokens, agents, credentials, listener });
  }

  /** From now on `onRevoked` ends the sessions of agents that are revoked, whoever did it. */
  watch(onRevoked: (agent: string) => void): void {
    const { log, clock } = this.#parts;
    this.#onRevoked = onRevoked;
    this.#watch = new RevocationWatch(this.#agents, onRevoked, log, clock);
  }

  async createEnrolmentToken(wish: TokenWish): Promise<MadeToken> {
    const { id, secret } = await this.#tokens.create(wish);
    return { id, text: `${secret}.${this.#authority.pin}` };
  }

  listTokens(): Promise<readonly TokenRecord[]> {
    return this.#tokens.list();
  }

  revokeToken(id: string, actor: string): Promise<boolean> {
    return this.#tokens.revoke(id, actor);
  }

  listAgents(after: string, rows: number): Promise<readonly ShownAgent[]> {
    return this.#agents.list(after, rows);
  }

  async revokeAgent(id: string, actor: string): Promise<boolean> {
    const changed = await this.#agents.revoke(id, actor);
    if (changed) this.#onRevoked(id);
    return changed;
  }

  async close(): Promise<void> {
    this.#watch?.stop();
    await this.listener.close();
  }
}

interface Made {
  readonly authority: Authority;
  readonly tokens: EnrolmentTokens;
  readonly agents: EnrolledAgents;
  readonly credentials: Credentials;
  readonly listener: AgentListener;
}
