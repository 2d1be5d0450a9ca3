import type { WebSocket } from 'ws';
import type { IngestTimes } from '../limits.ts';
import { describeError } from '../log.ts';
import { CLOSE } from './close-codes.ts';
import { type AgentIdentity, Session, type SessionParts } from './session.ts';

type SessionsParts = Omit<SessionParts, 'claim' | 'isHeld' | 'helloTimeoutMs' | 'identity'> & {
  readonly times: IngestTimes;
};

/** All live connections: one session for each agent, each proved alive, all closed at the end. */
export class Sessions {
  readonly #parts: SessionsParts;
  readonly #byAgent = new Map<string, Session>();
  readonly #all = new Map<Session, Promise<void>>();
  readonly #pinger: NodeJS.Timeout;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#pinger = setInterval(() => {
      for (const session of this.#all.keys()) session.probe();
    }, parts.times.pingIntervalMs);
  }

  /** Connections at this moment, hello or not. */
  get size(): number {
    return this.#all.size;
  }

  accept(socket: WebSocket, identity: AgentIdentity): void {
    const session = new Session(socket, {
      ...this.#parts,
      identity,
      helloTimeoutMs: this.#parts.times.helloTimeoutMs,
      claim: (agent, claimant) => this.#claim(agent, claimant),
      isHeld: async (agent, besides) => {
        const holder = this.#byAgent.get(agent);
        return holder !== undefined && holder !== besides && (await holder.answers());
      },
    });
    const ended = new Promise<void>((resolve) => {
      socket.once('close', (code) => {
        session.close(code, '');
        void this.#end(session).then(resolve);
      });
    });
    this.#all.set(session, ended);
  }

  /** Ends the session of an agent whose identity is revoked, whether or not it said hello. */
  revoke(agent: string): void {
    for (const session of this.#all.keys()) {
      if (session.identity.agent === agent)
        session.refuse({ code: 'revoked', message: 'this agent was revoked' });
    }
  }

  /** Closes every session with 1001 and waits until each has committed what it had begun. */
  async stop(): Promise<void> {
    clearInterval(this.#pinger);
    const ended = [...this.#all.values()];
    for (const session of this.#all.keys()) session.close(CLOSE.goingAway, 'central is stopping');
    await Promise.all(ended);
  }

  #claim(agent: string, session: Session): void {
    const older = this.#byAgent.get(agent);
    this.#byAgent.set(agent, session);
    if (older === undefined || older === session) return;
    this.#parts.metrics.count('sealwatch_central_sessions_replaced_total');
    older.close(CLOSE.replaced, 'the agent connected again');
  }

  async #end(session: Session): Promise<void> {
    const { store, log, clock } = this.#parts;
    await session.idle;
    const { agent, saidGoodbye } = session;
    if (agent !== null && this.#byAgent.get(agent) === session) {
      this.#byAgent.delete(agent);
      try {
        const state = saidGoodbye ? 'stopped' : 'disconnected';
        await store.noteAgent(agent, state, new Date(clock()).toISOString());
        log.info('agent is gone', { agent, state });
      } catch (error) {
        log.error('the end of a session could not be noted', { agent, error: describeError(error) });
      }
    }
    this.#all.delete(session);
  }
}
