import type { WebSocket } from 'ws';
import {
  type AgentFrame,
  type CentralFrame,
  decodeAgentFrame,
  encodeFrame,
  type HelloFrame,
  limits,
} from '../../wire/index.ts';
import type { Generations } from '../identity/generations.ts';
import { HEARTBEAT_NOTE_MS, HOLDER_ANSWER_MS, MAX_UNREAD_BYTES } from '../limits.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';
import { CLOSE, CLOSE_OF_REFUSAL } from './close-codes.ts';
import type { Intake } from './intake.ts';
import { type Refusal, refusalOfBatch, refusalOfFrame, refusalOfStore } from './refusal.ts';

/** Whose connection it is, as its certificate says. */
export interface AgentIdentity {
  readonly agent: string;
  /** Group that its enrolment token named; empty for none. */
  readonly group: string;
  /** Serial number of the certificate, lower-case hex. */
  readonly serial: string;
}

export interface SessionParts {
  readonly store: Store;
  readonly intake: Intake;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly helloTimeoutMs: number;
  readonly identity: AgentIdentity;
  readonly generations: Pick<Generations, 'judge' | 'proved'>;
  /** Whether another session of this agent answers just now. */
  readonly isHeld: (agent: string, besides: Session) => Promise<boolean>;
  /** Makes this the session of the agent; an older one is closed. */
  readonly claim: (agent: string, session: Session) => void;
}

type State =
  | { readonly kind: 'hello' }
  /** `unproved` is the generation of the welcome until the agent has sent something after it. */
  | { readonly kind: 'ready'; readonly agent: string; readonly unproved: string | null }
  | { readonly kind: 'closed'; readonly agent: string | null; readonly saidGoodbye: boolean };

/**
 * One connection of one agent: hello → ready → closed. Frames are taken one at a time, in order; while
 * too many wait, the socket is not read.
 */
export class Session {
  readonly #socket: WebSocket;
  readonly #parts: SessionParts;
  readonly #helloTimer: NodeJS.Timeout;
  #state: State = { kind: 'hello' };
  #waiting = 0;
  #work: Promise<void> = Promise.resolve();
  #heard = true;
  #noted = 0;

  constructor(socket: WebSocket, parts: SessionParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#helloTimer = setTimeout(() => this.close(CLOSE.helloTimeout, 'no hello'), parts.helloTimeoutMs);
    socket.on('message', (data, isBinary) => this.#receive(data.toString(), isBinary));
    socket.on('pong', () => {
      this.#heard = true;
    });
    socket.on('error', (error) => parts.log.warn('connection failed', { error: describeError(error) }));
  }

  /** Agent of the session once it said hello. */
  get agent(): string | null {
    return this.#state.kind === 'hello' ? null : this.#state.agent;
  }

  get identity(): AgentIdentity {
    return this.#parts.identity;
  }

  get isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  get saidGoodbye(): boolean {
    return this.#state.kind === 'closed' && this.#state.saidGoodbye;
  }

  /** Resolves when every frame that was accepted is dealt with. */
  get idle(): Promise<void> {
    return this.#work;
  }

  /** Ends the session; frames that still wait are dropped, unacknowledged. */
  close(code: number, reason: string, saidGoodbye = false): void {
    if (this.#state.kind === 'closed') return;
    clearTimeout(this.#helloTimer);
    this.#state = { kind: 'closed', agent: this.agent, saidGoodbye };
    this.#socket.resume();
    this.#socket.close(code, reason);
  }

  /** Whether the other side answers a ping within a moment. */
  answers(): Promise<boolean> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (isAlive: boolean) => {
        clearTimeout(timer);
        this.#socket.off('pong', onPong);
        this.#socket.off('close', onClose);
        resolve(isAlive);
      };
      const onPong = () => end(true);
      const onClose = () => end(false);
      const timer = setTimeout(onClose, HOLDER_ANSWER_MS);
      this.#socket.on('pong', onPong);
      this.#socket.on('close', onClose);
      this.#socket.ping();
    });
  }

  /** Asks for a sign of life; cuts the connection where there was none since the last time. */
  probe(): void {
    if (!this.#heard && this.#waiting === 0) {
      this.#parts.log.warn('connection is dead', { agent: this.agent });
      this.#socket.terminate();
      return;
    }
    this.#heard = false;
    this.#socket.ping();
  }

  #receive(text: string, isBinary: boolean): void {
    this.#heard = true;
    if (this.#state.kind === 'closed') return;
    this.#waiting += 1;
    if (this.#waiting >= limits.MAX_BATCHES_IN_FLIGHT) this.#socket.pause();
    this.#work = this.#work
      .then(() =>
        isBinary ? this.refuse({ code: 'bad-frame', message: 'frames are text' }) : this.#take(text),
      )
      .finally(() => {
        this.#waiting -= 1;
        if (this.#waiting < limits.MAX_BATCHES_IN_FLIGHT) this.#socket.resume();
      });
  }

  async #take(text: string): Promise<void> {
    if (this.#state.kind === 'closed') return;
    let frame: AgentFrame;
    try {
      frame = decodeAgentFrame(text);
    } catch (error) {
      this.refuse(refusalOfFrame(error, text));
      return;
    }
    try {
      await this.#answer(frame);
    } catch (error) {
      this.#parts.log.error('frame could not be stored', {
        agent: this.agent,
        type: frame.type,
        error: describeError(error),
      });
      this.refuse(refusalOfStore(error));
    }
  }

  async #answer(frame: AgentFrame): Promise<void> {
    if (this.#state.kind === 'closed') return;
    if ((this.#state.kind === 'hello') !== (frame.type === 'hello')) {
      this.refuse({ code: 'unexpected-frame', message: `${frame.type} is not expected now` });
      return;
    }
    this.#parts.metrics.count('sealwatch_central_frames_total', 1, frame.type);
    if (frame.type === 'hello') {
      await this.#welcome(frame);
    } else if (this.#state.kind === 'ready') {
      await this.#prove(this.#state);
      await this.#serve(this.#state.agent, frame);
    }
  }

  async #welcome(hello: HelloFrame): Promise<void> {
    const { store, claim, log, metrics, identity, generations, isHeld } = this.#parts;
    const { id } = hello.agent;
    if (identity.agent !== id) {
      this.refuse({ code: 'not-this-agent', message: 'the certificate is that of another agent' });
      return;
    }
    clearTimeout(this.#helloTimer);
    const ruling = await generations.judge(hello, () => isHeld(id, this));
    if (ruling.kind !== 'welcome') {
      this.refuse({ code: ruling.kind, message: ruling.message });
      return;
    }
    const acked = await store.registerAgent(hello.agent, this.#now());
    if (this.isClosed) return;
    const { generation, renumber } = ruling;
    this.#state = { kind: 'ready', agent: id, unproved: generation };
    claim(id, this);
    if (hello.last_seq < acked) {
      metrics.count('sealwatch_central_agents_behind_total');
      log.warn('agent holds fewer alerts than it once sent; it has lost its spool', {
        agent: hello.agent.id,
        last_seq: hello.last_seq,
        acked,
      });
    }
    log.info('agent connected', { agent: hello.agent.id, host: hello.agent.host, acked });
    this.#send({ type: 'welcome', acked_seq: acked, generation, ...(renumber ? { renumber } : {}) });
  }

  /** Whatever an agent sends after the welcome, it has kept its generation before. */
  async #prove({ agent, unproved }: Extract<State, { kind: 'ready' }>): Promise<void> {
    if (unproved === null) return;
    this.#state = { kind: 'ready', agent, unproved: null };
    await this.#parts.generations.proved(agent, unproved);
  }

  async #serve(agent: string, frame: Exclude<AgentFrame, HelloFrame>): Promise<void> {
    const { store, intake } = this.#parts;
    switch (frame.type) {
      case 'batch': {
        const refusal = refusalOfBatch(agent, frame.alerts);
        if (refusal !== null) return this.refuse(refusal);
        const seq = await intake.store(agent, frame.alerts, this.#now());
        return this.#send({ type: 'ack', seq });
      }
      case 'inventory':
        return await store.replaceInventory(agent, frame.servers, this.#now());
      case 'heartbeat':
        return await this.#noteHeartbeat(agent);
      case 'goodbye':
        return this.close(CLOSE.done, 'goodbye', true);
    }
  }

  async #noteHeartbeat(agent: string): Promise<void> {
    const now = this.#parts.clock();
    if (now - this.#noted < HEARTBEAT_NOTE_MS) return;
    this.#noted = now;
    await this.#parts.store.noteAgent(agent, 'connected', this.#now());
  }

  /** Says why, and ends the session. */
  refuse(refusal: Refusal): void {
    if (this.#state.kind === 'closed') return;
    this.#parts.metrics.count('sealwatch_central_refusals_total', 1, refusal.code);
    this.#parts.log.warn('connection refused', { agent: this.agent, ...refusal });
    this.#send({ type: 'refuse', ...refusal });
    this.close(CLOSE_OF_REFUSAL[refusal.code], refusal.code);
  }

  #send(frame: CentralFrame): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_UNREAD_BYTES) {
      this.#parts.log.warn('connection does not read its answers', { agent: this.agent });
      this.#socket.terminate();
      return;
    }
    this.#socket.send(encodeFrame(frame));
  }

  #now(): string {
    return new Date(this.#parts.clock()).toISOString();
  }
}
