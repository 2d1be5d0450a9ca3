import type { WebSocket } from 'ws';
import type { CentralFrame } from '../../wire/index.ts';
import { CLOSE } from './close-codes.ts';
import { type AgentIdentity, Session, type SessionParts } from './session.ts';

/** Milliseconds between two looks at who may be read again and who did not say hello, unless settings are shorter. */
const TICK_MS = 100;
/** Shortest window that agents are given to return in, and longest, in milliseconds. */
const MIN_RECONNECT_MS = 1_000;
const MAX_RECONNECT_MS = 600_000;

type SessionsParts = Omit<SessionParts, 'claim' | 'hold' | 'isHeld' | 'reconnectMs'> & {
  /** How many agents there are, connected or not. */
  readonly fleetSize: () => number;
  readonly onLeft: (agent: string) => void;
  /** Called when an agent is welcomed, so that other nodes let go of it. */
  readonly onClaim: (agent: string) => void;
};

/**
 * All live connections: one session for each agent, each proved alive, all closed at the end. One timer serves all of
 * them: a share of the sessions is pinged at each of its ticks.
 */
export class Sessions {
  readonly #parts: SessionsParts;
  readonly #shared: SessionParts;
  readonly #byAgent = new Map<string, Session>();
  readonly #all = new Map<Session, Promise<void>>();
  /** Who did not say hello yet, in the order of arrival. */
  readonly #young = new Set<Session>();
  readonly #held = new Set<Session>();
  readonly #timer: NodeJS.Timeout;
  readonly #tickMs: number;
  #round = this.#all.keys();
  #due = 0;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#shared = {
      ...parts,
      claim: (agent, session) => this.#claim(agent, session),
      hold: (session) => {
        parts.metrics.count('sealwatch_central_sessions_held_total');
        this.#held.add(session);
      },
      isHeld: async (agent, besides) => {
        const holder = this.#byAgent.get(agent);
        return holder !== undefined && holder !== besides && (await holder.answers());
      },
      reconnectMs: () => this.reconnectMs,
    };
    const { ping_interval_ms, hello_timeout_ms } = parts.settings;
    this.#tickMs = Math.min(TICK_MS, ping_interval_ms, hello_timeout_ms);
    this.#timer = setInterval(() => this.#tick(), this.#tickMs);
  }

  /** Connections at this moment, hello or not. */
  get size(): number {
    return this.#all.size;
  }

  /** Milliseconds in which the whole fleet can return at the pace that central lets it in. */
  get reconnectMs(): number {
    const agents = Math.max(this.#byAgent.size, this.#parts.fleetSize());
    const pace = this.#parts.settings.hellos_per_second;
    return Math.min(MAX_RECONNECT_MS, Math.max(MIN_RECONNECT_MS, Math.ceil((agents / pace) * 1_000)));
  }

  accept(socket: WebSocket, identity: AgentIdentity): void {
    const session = new Session(socket, identity, this.#shared);
    const ended = new Promise<void>((resolve) => {
      socket.once('close', (code) => {
        session.close(code, '');
        void this.#end(session).then(resolve);
      });
    });
    this.#all.set(session, ended);
    this.#young.add(session);
  }

  /** Hands a frame to the session of an agent; false where it has none. */
  send(agent: string, frame: CentralFrame): boolean {
    return this.#byAgent.get(agent)?.offer(frame) ?? false;
  }

  /** Whether central does not listen to an agent just now, so that it cannot be heard. */
  isPaused(agent: string): boolean {
    return this.#byAgent.get(agent)?.isPaused ?? false;
  }

  /** Ends the session of an agent whose identity is revoked, whether or not it said hello. */
  revoke(agent: string): void {
    for (const session of this.#all.keys()) {
      if (session.identity.agent === agent)
        session.refuse({ code: 'revoked', message: 'this agent was revoked' });
    }
  }

  /** Closes the session of an agent that connected to another node. */
  release(agent: string): void {
    const session = this.#byAgent.get(agent);
    if (session === undefined) return;
    // What becomes of the agent is for the other node to write down.
    this.#byAgent.delete(agent);
    this.#parts.metrics.count('sealwatch_central_claims_total');
    session.close(CLOSE.replaced, 'the agent connected to another node');
  }

  /** Closes every session with 1001 and waits until each has committed what it had begun. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const ended = [...this.#all.values()];
    for (const session of this.#all.keys()) session.close(CLOSE.goingAway, 'central is stopping');
    await Promise.all(ended);
  }

  #tick(): void {
    for (const session of this.#held) {
      if (session.relieve()) this.#held.delete(session);
    }
    const now = this.#parts.monotonic();
    for (const session of this.#young) {
      if (session.awaitsHello && !session.isLate(now)) break;
      this.#young.delete(session);
      if (session.awaitsHello) session.close(CLOSE.helloTimeout, 'no hello');
    }
    this.#due += (this.#all.size * this.#tickMs) / this.#parts.settings.ping_interval_ms;
    for (; this.#due >= 1; this.#due -= 1) this.#probeNext();
  }

  #probeNext(): void {
    let next = this.#round.next();
    if (next.done === true) {
      this.#round = this.#all.keys();
      next = this.#round.next();
    }
    if (next.done !== true) next.value.probe();
  }

  #claim(agent: string, session: Session): void {
    const older = this.#byAgent.get(agent);
    this.#byAgent.set(agent, session);
    this.#parts.onClaim(agent);
    if (older === undefined || older === session) return;
    this.#parts.metrics.count('sealwatch_central_sessions_replaced_total');
    older.close(CLOSE.replaced, 'the agent connected again');
  }

  async #end(session: Session): Promise<void> {
    await session.idle;
    this.#all.delete(session);
    this.#young.delete(session);
    this.#held.delete(session);
    const { agent, goodbye } = session;
    if (agent === null || this.#byAgent.get(agent) !== session) return;
    this.#byAgent.delete(agent);
    const { presence, attendance, log, clock, onLeft } = this.#parts;
    const state = goodbye === null ? 'disconnected' : 'stopped';
    presence.left(agent, clock(), state);
    attendance.left(agent, goodbye);
    onLeft(agent);
    log.info('agent is gone', { agent, state });
  }
}
