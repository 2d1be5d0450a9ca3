import { WebSocket } from 'ws';
import {
  type AgentFrame,
  type CentralFrame,
  type CommandName,
  decodeCentralFrame,
  encodeFrame,
  type HelloFrame,
  limits,
  type Server,
  type StopReason,
} from '../../wire/index.ts';
import type { TlsCredentials } from '../enrolment/central-requests.ts';
import type { AgentLog } from '../log.ts';
import type { Meta } from '../state/database.ts';
import type { Spool } from '../state/spool.ts';
import { Reconnection } from './reconnection.ts';
import { type SelfKnowledge, SelfReport } from './self-report.ts';

type WelcomeFrame = Extract<CentralFrame, { type: 'welcome' }>;

/** Milliseconds between two looks for credentials while there are none. */
const CREDENTIALS_LOOK_MS = 30_000;
/** Bytes of servers in one inventory frame; the rest of the frame takes less than what is left to its limit. */
const MAX_INVENTORY_BYTES = limits.MAX_FRAME_BYTES - 1_024;
const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1_000;
/** Characters of what a command came to. */
const MAX_RESULT_CHARS = 500;

export interface UplinkOptions {
  /** wss:// URL of central's agent endpoint. */
  readonly url: string;
  /** What proves this agent; null while it is not enrolled: `wake` tells that it is. */
  readonly credentials: () => TlsCredentials | null;
  /** What tells this machine from others; null where nothing does. */
  readonly machine: string | null;
  readonly agent: () => HelloFrame['agent'];
  readonly generations: Pick<Meta, 'generation' | 'keepGeneration'>;
  /** Central refused a connection; the code says why. */
  readonly onRefused: (code: string) => void;
  readonly spool: Spool;
  readonly log: AgentLog;
  readonly self: SelfKnowledge;
  /** Bundles in force here. */
  readonly bundles: () => HelloFrame['bundles'];
  readonly onBundle: (offer: Extract<CentralFrame, { type: 'bundle' }>) => void;
  /** Why this agent stops, asked when it does. */
  readonly stopReason: () => StopReason;
  /** Does what central asks; resolves with what came of it in words. */
  readonly obey: (command: CommandName) => Promise<string>;
  /** 0 ≤ x < 1; `Math.random` where absent. */
  readonly random?: () => number;
}

/** Carries the spool to central: resumes where central stands, and lets nothing go before it is acknowledged. */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #reconnection: Reconnection;
  readonly #report: SelfReport;
  #socket: WebSocket | null = null;
  #welcomed = false;
  #sent = 0;
  #inFlight: number[] = [];
  #retry: NodeJS.Timeout | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #servers: readonly Server[] = [];
  #stopped = false;
  #drained: (() => void) | null = null;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#reconnection = new Reconnection(options.random ?? Math.random);
    this.#report = new SelfReport(options.self, (frame) => this.#send(frame));
  }

  get connected(): boolean {
    return this.#welcomed;
  }

  start(): void {
    this.#connect();
    this.#heartbeat = setInterval(() => {
      if (this.#welcomed) this.#report.heartbeat(this.#options.spool.last, this.#options.spool.waiting);
    }, limits.HEARTBEAT_INTERVAL_MS);
  }

  /** Credentials are there that were not: connects at once where there is no connection. */
  wake(): void {
    if (this.#stopped || (this.#socket !== null && this.#socket.readyState !== WebSocket.CLOSED)) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#connect();
  }

  /** New alerts are in the spool. */
  notify(): void {
    this.#pump();
  }

  /** Something was lost: central is told the totals, once a second at most. */
  lossesChanged(): void {
    this.#report.lossesChanged();
  }

  /** The servers of this host as they stand; sent now and at each reconnect. */
  announce(servers: readonly Server[]): void {
    this.#servers = servers;
    this.#sendInventory();
  }

  /** Says what became of a bundle; an agent that is not connected says it in its next hello. */
  tellBundle(frame: Extract<AgentFrame, { type: 'bundle_state' }>): void {
    this.#send(frame);
  }

  /** Waits up to `graceMs` milliseconds for the spool to be acknowledged, says goodbye and closes. */
  async stop(graceMs: number): Promise<void> {
    if (this.#stopped) return;
    if (this.#welcomed && this.#options.spool.waiting > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.#drained = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#pump();
      });
    }
    this.#stopped = true;
    this.#report.stop();
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#send({ type: 'goodbye', reason: this.#options.stopReason() });
    this.#welcomed = false;
    await closed(this.#socket);
  }

  #connect(): void {
    const { url, log } = this.#options;
    const credentials = this.#options.credentials();
    if (credentials === null) {
      // Those that a wrong clock holds for expired are good again by the right one, and nobody calls `wake` then.
      this.#retry = setTimeout(() => this.#connect(), CREDENTIALS_LOOK_MS);
      return;
    }
    const socket = new WebSocket(url, 'sealwatch.v1', {
      ...credentials,
      minVersion: 'TLSv1.3',
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      maxPayload: limits.MAX_FRAME_BYTES,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => {
      const { agent, spool, machine, generations } = this.#options;
      this.#transmit({
        type: 'hello',
        protocol: limits.PROTOCOL_VERSION,
        agent: agent(),
        last_seq: spool.last,
        generation: generations.generation(),
        machine,
        bundles: this.#options.bundles(),
      });
    });
    socket.on('unexpected-response', (_request, response) => {
      const reason = String(response.headers['sealwatch-reason'] ?? response.statusCode);
      log.debug('central refused the connection', { reason });
      this.#reconnection.turnedAway(response.statusCode ?? 0, response.headers['retry-after']);
      socket.terminate();
      this.#options.onRefused(reason);
    });
    socket.on('message', (data) => this.#receive(String(data)));
    socket.on('error', (error) => log.debug('uplink error', { error: error.message }));
    socket.on('close', (code, reason) => this.#closed(socket, code, String(reason)));
  }

  #closed(socket: WebSocket, code: number, reason: string): void {
    if (this.#socket !== socket) return;
    const { log } = this.#options;
    const wasWelcomed = this.#welcomed;
    if (wasWelcomed) log.warn('connection to central lost', { code, reason });
    this.#welcomed = false;
    this.#inFlight = [];
    if (this.#stopped) return;
    if (this.#reconnection.attempts === 3)
      log.warn('central cannot be reached; alerts wait in the spool', { code, reason });
    this.#retry = setTimeout(() => this.#connect(), this.#reconnection.next(code, wasWelcomed));
  }

  #receive(text: string): void {
    if (this.#stopped) return;
    let frame: CentralFrame;
    try {
      frame = decodeCentralFrame(text);
    } catch (error) {
      this.#options.log.error('central sent something else than the protocol', { error: String(error) });
      this.#socket?.close(1002);
      return;
    }
    try {
      this.#take(frame);
    } catch (error) {
      // The state directory cannot be written: what is not noted as sent is sent again by the next connection.
      this.#options.log.error('what central said cannot be stored', {
        type: frame.type,
        error: String(error),
      });
      this.#socket?.close(1011);
    }
  }

  #take(frame: CentralFrame): void {
    if (frame.type === 'welcome') this.#welcome(frame);
    if (frame.type === 'ack') this.#acknowledge(frame.seq);
    if (frame.type === 'bundle') this.#options.onBundle(frame);
    if (frame.type === 'command') void this.#obey(frame);
    if (frame.type === 'refuse') {
      this.#options.log.error('central refused', { code: frame.code, message: frame.message });
      this.#options.onRefused(frame.code);
    }
  }

  async #obey({ id, name }: Extract<CentralFrame, { type: 'command' }>): Promise<void> {
    const result = await this.#options.obey(name).then(
      (message) => ({ ok: true, message }),
      (error: unknown) => ({ ok: false, message: error instanceof Error ? error.message : String(error) }),
    );
    this.#send({ type: 'result', id, ok: result.ok, message: result.message.slice(0, MAX_RESULT_CHARS) });
  }

  #welcome({ acked_seq: acked, generation, renumber = false, reconnect_ms = 0 }: WelcomeFrame): void {
    const { spool, log, generations } = this.#options;
    // In this order, and before anything is sent: an agent that has kept its generation is not told again to number anew.
    if (renumber || acked > spool.last) {
      log.warn('this state directory is an older copy: what waits is numbered anew', { acked });
      spool.skipTo(Math.max(acked, spool.acked));
    }
    if (generation !== undefined) generations.keepGeneration(generation);
    if (acked < spool.acked) {
      log.warn('central holds fewer alerts than it acknowledged; what is still here is sent again', {
        acked,
      });
    }
    spool.acknowledge(acked);
    // Where central stands, not where it once stood: it may have been restored from a backup.
    this.#sent = acked;
    this.#welcomed = true;
    this.#reconnection.welcomed(reconnect_ms);
    log.info('connected to central', { acked });
    this.#sendInventory();
    this.#report.losses();
    this.#report.heartbeat(spool.last, spool.waiting);
    this.#pump();
  }

  #acknowledge(seq: number): void {
    const { spool, log } = this.#options;
    if (seq > this.#sent) return;
    try {
      spool.acknowledge(seq);
    } catch (error) {
      // A full disk: these alerts are sent once more after the next connect, and central knows them.
      log.error('what central has cannot be noted', { error: String(error) });
    }
    this.#inFlight = this.#inFlight.filter((last) => last > seq);
    this.#pump();
  }

  #pump(): void {
    const { spool } = this.#options;
    while (this.#welcomed && this.#inFlight.length < limits.MAX_BATCHES_IN_FLIGHT) {
      const alerts = spool.after(this.#sent);
      const last = alerts.at(-1);
      if (last === undefined) break;
      // Between `after` and the first alert nothing is left here: it was given up, and counted as lost.
      this.#send({ type: 'batch', after: this.#sent, alerts: [...alerts] });
      this.#sent = last.seq;
      this.#inFlight.push(last.seq);
    }
    if (this.#welcomed && this.#inFlight.length === 0) this.#drained?.();
  }

  #sendInventory(): void {
    const servers = fittingServers(this.#servers);
    this.#send({ type: 'inventory', servers, omitted: this.#servers.length - servers.length });
  }

  #send(frame: AgentFrame): void {
    if (this.#welcomed) this.#transmit(frame);
  }

  #transmit(frame: AgentFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encodeFrame(frame));
  }
}

/** Closes a socket and waits until the other side has agreed, or a moment at most. */
function closed(socket: WebSocket | null): Promise<void> {
  if (socket === null || socket.readyState === WebSocket.CLOSED) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.terminate();
      resolve();
    }, CLOSE_TIMEOUT_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.close(1000);
  });
}

/** As many servers as one frame may hold: a config can be written so that they do not all fit. */
function fittingServers(servers: readonly Server[]): Server[] {
  const fitting: Server[] = [];
  let bytes = 0;
  for (const server of servers) {
    const size = Buffer.byteLength(JSON.stringify(server)) + 1;
    if (fitting.length === limits.MAX_INVENTORY_SERVERS) break;
    if (bytes + size > MAX_INVENTORY_BYTES) continue;
    fitting.push(server);
    bytes += size;
  }
  return fitting;
}
