import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CentralError } from '../../errors.ts';
import { CLOSE_TIMEOUT_MS } from '../../limits.ts';
import { describeError } from '../../log.ts';
import { octetCounted, toSyslog } from '../format/syslog.ts';
import { InFlight } from '../in-flight.ts';
import type { FeedRecord } from '../record.ts';
import type { SettingsOf } from '../settings.ts';
import type { Delivery, Sink } from '../sink.ts';
import { encodeAll } from './encoded.ts';
import { tlsMaterial } from './tls.ts';

/** Milliseconds of silence after which the network is asked whether the receiver is there. */
const KEEPALIVE_MS = 10_000;

type SyslogSettings = SettingsOf<'syslog'>;

/** A connection; what ends it is kept, since a broken one puts in doubt what was written just before. */
class Line {
  readonly #socket: Socket;
  #fault: string | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#fault ??= describeError(error);
    });
    socket.on('close', () => {
      this.#fault ??= 'the receiver closed the connection';
    });
    // RFC 6587 knows no answer; reading is what makes the end of the connection known.
    socket.on('end', () => socket.destroy());
    socket.resume();
  }

  get fault(): string | null {
    return this.#fault;
  }

  /** Resolves when the event comes, or the operating system took what was written. */
  async until(
    what: (done: (error?: Error | null) => void) => void,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const socket = this.#socket;
    await new Promise<void>((resolve, reject) => {
      const finish = (error?: Error | null) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abandon);
        socket.off('close', closed);
        if (error) reject(error);
        else resolve();
      };
      const closed = () => finish(new Error(this.#fault ?? 'the connection ended'));
      const timer = setTimeout(() => {
        finish(new CentralError('CENTRAL_FEED_TIMEOUT', `the receiver took nothing for ${limitMs} ms`));
      }, limitMs);
      const abandon = () => finish(new Error('central stops'));
      signal.addEventListener('abort', abandon);
      socket.on('close', closed);
      if (socket.destroyed) closed();
      else what(finish);
    });
  }

  write(text: string, done: (error?: Error | null) => void): void {
    this.#socket.write(text, done);
  }

  onceConnected(event: string, done: () => void): void {
    this.#socket.once(event, done);
  }

  /** Says goodbye, so that the receiver reads to the end what is on the way. */
  async end(): Promise<void> {
    if (this.#fault !== null) return;
    const socket = this.#socket;
    const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.end();
    });
    clearTimeout(timer);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/**
 * RFC 5424 messages over TCP (RFC 6587, octet counting) or TLS (RFC 5425). The protocol has no acknowledgement:
 * messages count as received when the connection outlived them by the settle time. After a fault everything younger
 * is sent again.
 */
export class SyslogSink implements Sink {
  readonly #settings: SyslogSettings;
  readonly #inFlight = new InFlight<number>();
  #line: Line | null = null;

  constructor(settings: SyslogSettings) {
    this.#settings = settings;
  }

  async deliver(records: readonly FeedRecord[], signal: AbortSignal): Promise<Delivery> {
    const { facility, max_message_bytes } = this.#settings;
    const options = { facility, maxBytes: max_message_bytes };
    const { encoded, rejected } = encodeAll(records, (record) => octetCounted(toSyslog(record, options)));
    const sent = records.at(-1)?.position ?? 0;
    if (encoded.length > 0) {
      const line = await this.#connected(signal);
      const text = encoded.map((item) => item.text).join('');
      await this.#guarded(() => line.until((done) => line.write(text, done), this.#limitMs, signal));
      this.#inFlight.add(sent, performance.now());
    }
    this.#inFlight.passed(sent);
    return { sent, confirmed: await this.confirm(), rejected };
  }

  async confirm(): Promise<number> {
    const fault = this.#line?.fault ?? null;
    if (fault !== null && this.#inFlight.tokens.length > 0) throw this.#unreachable(fault);
    const settled = performance.now() - this.#settings.settle_seconds * 1_000;
    this.#inFlight.settle((writtenAt) => writtenAt <= settled);
    return this.#inFlight.confirmed;
  }

  get #limitMs(): number {
    return this.#settings.timeout_seconds * 1_000;
  }

  #unreachable(reason: string, cause?: unknown): CentralError {
    const { host, port } = this.#settings;
    return new CentralError('CENTRAL_FEED_UNREACHABLE', `${host}, port ${port}: ${reason}`, { cause });
  }

  async #guarded<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      throw error instanceof CentralError ? error : this.#unreachable(describeError(error), error);
    }
  }

  /** The open connection, or a new one; an old one that broke is a fault if anything on it is unconfirmed. */
  async #connected(signal: AbortSignal): Promise<Line> {
    if (this.#line !== null && this.#line.fault === null) return this.#line;
    await this.confirm();
    const { host, port, tls } = this.#settings;
    const to = { host, port, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS };
    const name = isIP(host) === 0 ? { servername: host } : {};
    const line = new Line(
      tls === null ? connectPlain(to) : connectTls({ ...to, ...name, ...(await tlsMaterial(tls)) }),
    );
    this.#line = line;
    const event = tls === null ? 'connect' : 'secureConnect';
    await this.#guarded(() => line.until((done) => line.onceConnected(event, done), this.#limitMs, signal));
    return line;
  }

  reset(): void {
    this.#line?.destroy();
    this.#line = null;
    this.#inFlight.clear();
  }

  async close(): Promise<void> {
    await this.#line?.end();
    this.reset();
  }
}
