import type { WebSocket } from 'ws';
import {
  type AgentFrame,
  type BatchFrame,
  type CentralFrame,
  decodeAgentFrame,
  encodeFrame,
  type HelloFrame,
  type StopReason,
  stopReasonOf,
} from '../../wire/index.ts';
import type { AgentBook, AlertSink } from '../bus/sink.ts';
import { MAX_UNREAD_BYTES } from '../limits.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Arrival, PlainWelcome, Reception } from './arrivals.ts';
import { CLOSE, CLOSE_OF_REFUSAL } from './close-codes.ts';
import type { Commands } from './commands.ts';
import { Inflow } from './inflow.ts';
import { answersPing } from './liveness.ts';
import type { Presence } from './presence.ts';
import { type Refusal, refusalOfBatch, refusalOfFrame, refusalOfGap, refusalOfStore } from './refusal.ts';
import type { IngestSettings } from './settings.ts';

/** Whose connection it is, as its certificate says. */
export interface AgentIdentity {
  readonly agent: string;
  /** Group that its enrolment token named; empty for none. */
  readonly group: string;
  /** Serial number of the certificate, lower-case hex. */
  readonly serial: string;
}

/** Who wants to know when agents come, speak and go. Called for each frame: it must be quick and not throw. */
export interface Attendance {
  arrived(agent: string): void;
  heard(agent: string): void;
  /** `goodbye` is why it stopped; null where it went without a word. */
  left(agent: string, goodbye: StopReason | null): void;
}

type BundleStateFrame = Extract<AgentFrame, { type: 'bundle_state' }>;

/** What all sessions share. */
export interface SessionParts {
  readonly store: AgentBook;
  readonly intake: AlertSink;
  readonly presence: Presence;
  readonly attendance: Attendance;
  readonly commands: Pick<Commands, 'answered'>;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  readonly settings: IngestSettings;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds that no setting of the clock moves. */
  readonly monotonic: () => number;
  readonly arrivals: Reception;
  /** Whether another session of this agent answers just now. */
  readonly isHeld: (agent: string, besides: Session) => Promise<boolean>;
  /** Makes this the session of the agent; an older one is closed. */
  readonly claim: (agent: string, session: Session) => void;
  /** The session owes more than it may send: it asks to be looked at again. */
  readonly hold: (session: Session) => void;
  /** Milliseconds over which agents shall spread their return. */
  readonly reconnectMs: () => number;
  /** The agent is welcomed; offers may be sent. */
  readonly onReady: (agent: string, hello: HelloFrame) => void;
  readonly onBundleState: (agent: string, frame: BundleStateFrame) => void;
}

type State =
  | { readonly kind: 'hello' }
  /** `unproved` is the generation of the welcome until the agent has sent something after it. */
  | { readonly kind: 'ready'; readonly agent: string; readonly unproved: string | null }
  | { readonly kind: 'closed'; readonly agent: string | null; readonly goodbye: StopReason | null };

/**
 * One connection of one agent: hello → ready → closed. Frames are taken one at a time, in order; while
 * too many wait or too much was sent, the socket is not read.
 */
export class Session {
  readonly #socket: WebSocket;
  readonly #parts: SessionParts;
  readonly identity: AgentIdentity;
  readonly #inflow: Inflow;
  #state: State = { kind: 'hello' };
  /** Its hello has come, and is being looked at. */
  #isGreeted = false;
  #work: Promise<void> = Promise.resolve();
  /** Something came since the last probe. */
  #isAlive = true;
  /** Highest seq committed, without a gap that the agent did not account for. */
  #acked = 0;
  readonly #since: number;

  constructor(socket: WebSocket, identity: AgentIdentity, parts: SessionParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.identity = identity;
    this.#since = parts.monotonic();
    const { settings, monotonic } = parts;
    this.#inflow = new Inflow(socket, { settings, monotonic, onOwing: () => parts.hold(this) });
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on('ping', () => this.#spend(0));
    socket.on('pong', () => {
      this.#isAlive = true;
      this.#spend(0);
    });
    socket.on('error', (error) => parts.log.warn('connection failed', { error: describeError(error) }));
  }

  /** Agent of the session once it said hello. */
  get agent(): string | null {
    return this.#state.kind === 'hello' ? null : this.#state.agent;
  }

  get isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  /** Why the agent stopped, if it said so. */
  get goodbye(): StopReason | null {
    return this.#state.kind === 'closed' ? this.#state.goodbye : null;
  }

  /** Resolves when every frame that was accepted is dealt with. */
  get idle(): Promise<void> {
    return this.#work;
  }

  /** Whether it is central that does not listen just now. */
  get isPaused(): boolean {
    return this.#inflow.isPaused;
  }

  get awaitsHello(): boolean {
    return this.#state.kind === 'hello' && !this.#isGreeted;
  }

  /** Whether its time to say hello is over. */
  isLate(now: number): boolean {
    return now - this.#since >= this.#parts.settings.hello_timeout_ms;
  }

  /** Sends a frame to an agent that was welcomed; false where it is not, or where the connection is gone. */
  offer(frame: CentralFrame): boolean {
    return this.#state.kind === 'ready' && this.#send(frame);
  }

  /** Ends the session; frames that still wait are dropped, unacknowledged. */
  close(code: number, reason: string, goodbye: StopReason | null = null): void {
    if (this.#state.kind === 'closed') return;
    this.#state = { kind: 'closed', agent: this.agent, goodbye };
    this.#socket.resume();
    this.#socket.close(code, reason);
  }

  /** Refuses the agent: says why, and closes. */
  refuse(refusal: Refusal): void {
    if (this.#state.kind === 'closed') return;
    this.#parts.metrics.count('sealwatch_central_refusals_total', 1, refusal.code);
    this.#parts.log.warn('connection refused', { agent: this.agent, ...refusal });
    this.#send({ type: 'refuse', ...refusal });
    this.close(CLOSE_OF_REFUSAL[refusal.code], refusal.code);
  }

  /** Whether the other side answers a ping within a moment. */
  answers(): Promise<boolean> {
    return answersPing(this.#socket);
  }

  /** Asks for a sign of life; cuts the connection where there was none since the last time. */
  probe(): void {
    if (!this.#isAlive && !this.isPaused) {
      this.#parts.log.warn('connection is dead', { agent: this.agent });
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }

  /** Reads the socket again once the agent owes nothing; says whether it does not. */
  relieve(): boolean {
    return this.isClosed || this.#inflow.relieve();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#isAlive = true;
    if (this.isClosed || !this.#spend(data.length)) return;
    const text = isBinary ? null : data.toString();
    this.#inflow.begin();
    this.#work = this.#work.then(() => this.#take(text)).finally(() => this.#inflow.end());
  }

  /** Counts what came; false where it was so much that the session is over. */
  #spend(bytes: number): boolean {
    if (this.#inflow.spend(bytes)) return true;
    this.refuse({ code: 'too-fast', message: 'far more frames than an agent may send' });
    return false;
  }

  async #take(text: string | null): Promise<void> {
    if (this.#state.kind === 'closed') return;
    if (text === null) {
      this.refuse({ code: 'bad-frame', message: 'frames are text' });
      return;
    }
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
      this.#parts.attendance.heard(this.#state.agent);
      await this.#prove(this.#state);
      await this.#serve(this.#state.agent, frame);
    }
  }

  async #welcome(hello: HelloFrame): Promise<void> {
    const { claim, reconnectMs, onReady, presence, attendance, clock, log } = this.#parts;
    const agent = hello.agent.id;
    this.#isGreeted = true;
    const arrival = await this.#register(hello);
    if (arrival === null || this.isClosed) return;
    const { generation, renumber, acked } = arrival;
    this.#state = { kind: 'ready', agent, unproved: generation };
    this.#acked = acked;
    claim(agent, this);
    presence.heard(agent, clock());
    attendance.arrived(agent);
    this.#noteLostSpool(hello, acked);
    log.info('agent connected', { agent, host: hello.agent.host, acked });
    this.#send({
      type: 'welcome',
      acked_seq: acked,
      ...(generation === null ? {} : { generation }),
      ...(renumber ? { renumber } : {}),
      reconnect_ms: reconnectMs(),
    });
    onReady(agent, hello);
  }

  /** Null where the agent is refused. */
  async #register(hello: HelloFrame): Promise<Extract<Arrival, { kind: 'welcome' }> | PlainWelcome | null> {
    const { arrivals, isHeld } = this.#parts;
    const { id } = hello.agent;
    if (this.identity.agent !== id) {
      this.refuse({ code: 'not-this-agent', message: 'the certificate is that of another agent' });
      return null;
    }
    const arrival = await arrivals.register(hello, () => isHeld(id, this));
    if (arrival.kind === 'welcome') return arrival;
    this.refuse({ code: arrival.kind, message: arrival.message });
    return null;
  }

  #noteLostSpool(hello: HelloFrame, acked: number): void {
    const { metrics, log } = this.#parts;
    if (hello.last_seq < acked) {
      metrics.count('sealwatch_central_agents_behind_total');
      log.warn('agent holds fewer alerts than it once sent; it has lost its spool', {
        agent: hello.agent.id,
        last_seq: hello.last_seq,
        acked,
      });
    }
  }

  /** Whatever an agent sends after the welcome, it has kept its generation before. */
  async #prove({ agent, unproved }: Extract<State, { kind: 'ready' }>): Promise<void> {
    if (unproved === null) return;
    this.#state = { kind: 'ready', agent, unproved: null };
    await this.#parts.arrivals.proved(agent, unproved);
  }

  async #serve(agent: string, frame: Exclude<AgentFrame, HelloFrame>): Promise<void> {
    const { store, presence, commands, clock, onBundleState } = this.#parts;
    switch (frame.type) {
      case 'batch':
        return await this.#store(agent, frame);
      case 'inventory':
        return await store.replaceInventory(agent, frame.servers, this.#now());
      case 'heartbeat':
        return presence.heard(agent, clock(), frame);
      case 'loss':
        return presence.lost(agent, frame);
      case 'result':
        return commands.answered(agent, frame);
      case 'bundle_state':
        return onBundleState(agent, frame);
      case 'goodbye':
        return this.close(CLOSE.done, 'goodbye', stopReasonOf(frame));
    }
  }

  async #store(agent: string, { alerts, after }: BatchFrame): Promise<void> {
    const { metrics, monotonic } = this.#parts;
    const arrived = monotonic();
    const refusal = refusalOfGap(after, this.#acked, alerts) ?? refusalOfBatch(agent, alerts);
    if (refusal !== null) return this.refuse(refusal);
    this.#inflow.spendAlerts(alerts.length);
    this.#acked = await this.#parts.intake.store(agent, alerts, this.#now());
    this.#send({ type: 'ack', seq: this.#acked });
    metrics.observe('sealwatch_central_ack_seconds', (monotonic() - arrived) / 1_000);
  }

  #send(frame: CentralFrame): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#socket.bufferedAmount > MAX_UNREAD_BYTES) {
      this.#parts.log.warn('connection does not read its answers', { agent: this.agent });
      this.#socket.terminate();
      return false;
    }
    this.#socket.send(encodeFrame(frame));
    return true;
  }

  #now(): string {
    return new Date(this.#parts.clock()).toISOString();
  }
}
