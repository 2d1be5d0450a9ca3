import type { Socket } from 'node:net';
import type { CentralLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { IngestSettings } from './settings.ts';

/** Milliseconds between two looks at the queue while a slot or the pace holds it back. */
const TICK_MS = 20;
/** Milliseconds between two log lines about connections that were turned away. */
const LOG_MS = 60_000;
/** Seconds of the pace that may be let in at once after a quiet time. */
const BURST_SECONDS = 0.25;

/** What tells one connection from all others for as long as it lasts. */
interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

interface Waiting {
  readonly socket: Socket;
  readonly start: (socket: Socket) => void;
}

interface Running {
  readonly socket: Socket;
  readonly address: string;
  readonly since: number;
}

export interface AdmissionParts {
  readonly settings: Pick<
    IngestSettings,
    | 'handshakes'
    | 'handshakes_per_address'
    | 'hellos_per_second'
    | 'queue'
    | 'queue_per_address'
    | 'hello_timeout_ms'
  >;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Milliseconds that no setting of the clock moves. */
  readonly monotonic: () => number;
}

/**
 * Lets connections in at a pace that central can bear. So many at once may be between accept and hello; others wait in a
 * queue, where they cost a socket and nothing else: not a byte is read, no handshake is begun. Addresses take turns, so
 * that a flood from one does not keep the others out. When the queue is full a connection is closed at once.
 */
export class Admission {
  readonly #parts: AdmissionParts;
  /** By address, in the order of their next turn. */
  readonly #queues = new Map<string, Waiting[]>();
  /** Connections that were let in and have not said hello, with when. */
  readonly #running = new Map<string, Running>();
  readonly #perAddress = new Map<string, number>();
  #queued = 0;
  #tokens: number;
  #filledAt: number;
  #timer: NodeJS.Timeout | null = null;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#tokens = this.#burst;
    this.#filledAt = parts.monotonic();
  }

  /** Connections that wait, and those that are let in and unproven. */
  get load(): { readonly queued: number; readonly running: number } {
    return { queued: this.#queued, running: this.#running.size };
  }

  /**
   * Calls `start` with the socket as soon as it is its turn. The socket must not have been read yet (`pauseOnConnect`).
   * Its slot is taken until `settle`, until it closes, or until twice the time for hello is over, which destroys it.
   */
  admit(socket: Socket, start: (socket: Socket) => void): void {
    const { settings, metrics } = this.#parts;
    const address = addressOf(socket);
    const queue = this.#queues.get(address) ?? [];
    const isFull = this.#queued >= settings.queue || queue.length >= settings.queue_per_address;
    socket.on('error', () => socket.destroy());
    if (this.#isStopped || (isFull && !this.#isFree(address))) {
      metrics.count('sealwatch_central_admissions_total', 1, 'turned-away');
      this.#warn();
      socket.destroy();
      return;
    }
    queue.push({ socket, start });
    this.#queues.set(address, queue);
    this.#queued += 1;
    this.#letIn();
  }

  /** The peer of a connection said hello, or is no agent: its slot is for others. */
  settle(peer: Peer): void {
    this.#release(keyOf(peer));
  }

  /** Closes what waits. */
  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const queue of this.#queues.values()) for (const { socket } of queue) socket.destroy();
    this.#queues.clear();
    this.#queued = 0;
  }

  get #burst(): number {
    return Math.max(1, this.#parts.settings.hellos_per_second * BURST_SECONDS);
  }

  #isFree(address: string): boolean {
    const { handshakes, handshakes_per_address } = this.#parts.settings;
    this.#fill();
    const ofAddress = this.#perAddress.get(address) ?? 0;
    return this.#tokens >= 1 && this.#running.size < handshakes && ofAddress < handshakes_per_address;
  }

  #fill(): void {
    const now = this.#parts.monotonic();
    const more = (Math.max(0, now - this.#filledAt) / 1_000) * this.#parts.settings.hellos_per_second;
    this.#filledAt = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + more);
  }

  /** Lets in who can be, one of each address in turn. */
  #letIn(): void {
    this.#endLate();
    for (let next = this.#nextAddress(); next !== null; next = this.#nextAddress()) this.#startOne(next);
    if ((this.#queued > 0 || this.#running.size > 0) && !this.#isStopped) {
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#letIn();
      }, TICK_MS).unref();
    }
  }

  /** An address that has its turn; all others are as they were. */
  #nextAddress(): string | null {
    for (const address of this.#queues.keys()) {
      if (this.#isFree(address)) return address;
      if (this.#tokens < 1 || this.#running.size >= this.#parts.settings.handshakes) return null;
    }
    return null;
  }

  #startOne(address: string): void {
    const queue = this.#queues.get(address);
    const waiting = queue?.shift();
    // The address goes to the end, for the next one's turn.
    this.#queues.delete(address);
    if (queue !== undefined && queue.length > 0) this.#queues.set(address, queue);
    if (waiting === undefined) return;
    this.#queued -= 1;
    const { socket, start } = waiting;
    if (socket.destroyed) return;
    this.#tokens -= 1;
    const key = keyOf(socket);
    this.#running.set(key, { socket, address, since: this.#parts.monotonic() });
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    socket.once('close', () => this.#release(key));
    this.#parts.metrics.count('sealwatch_central_admissions_total', 1, 'let-in');
    start(socket);
  }

  #release(key: string): void {
    if (this.#free(key) && this.#queued > 0) this.#letIn();
  }

  #free(key: string): boolean {
    const running = this.#running.get(key);
    if (running === undefined) return false;
    this.#running.delete(key);
    const left = (this.#perAddress.get(running.address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(running.address);
    else this.#perAddress.set(running.address, left);
    return true;
  }

  /** Ends who was let in and proved nothing for too long: the oldest come first. */
  #endLate(): void {
    const late = this.#parts.monotonic() - 2 * this.#parts.settings.hello_timeout_ms;
    for (const [key, { socket, since }] of this.#running) {
      if (since > late) return;
      this.#parts.metrics.count('sealwatch_central_admissions_total', 1, 'unproven');
      this.#free(key);
      socket.destroy();
    }
  }

  #warn(): void {
    const now = this.#parts.monotonic();
    if (now - this.#loggedAt < LOG_MS) return;
    this.#loggedAt = now;
    this.#parts.log.warn('connections are turned away; more are only counted for a minute', this.load);
  }
}

/** Whose turn it is: an IPv4 address, or the network of an IPv6 address, since one host may have all of a /64. */
function addressOf(peer: Peer): string {
  const address = peer.remoteAddress ?? '';
  if (!address.includes(':')) return address;
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1);
  const [head = ''] = address.split('::');
  return head.split(':').slice(0, 4).join(':');
}

function keyOf(peer: Peer): string {
  return `${peer.remoteAddress ?? ''} ${peer.remotePort ?? 0}`;
}
