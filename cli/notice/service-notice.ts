import { fstatSync, writeSync } from 'node:fs';

/** systemd wants to hear from a service this often within the time after which it gives it up. */
const TIMES_WITHIN = 3;
/** The least between two signs of life, in milliseconds. */
const LEAST_MS = 500;
/** A descriptor beyond the standard streams. */
const DESCRIPTOR = /^(?:[3-9]|[1-9]\d{1,4})$/;
/** Characters of a status. */
const MAX_STATUS = 200;

export interface ServiceNoticeOptions {
  /** Descriptor of a socket to the service manager; null where there is none. */
  readonly fd: number | null;
  /** Milliseconds without a sign of life after which the service manager ends this program; null for never. */
  readonly watchdogMs: number | null;
}

/**
 * What a service tells its manager: the protocol of sd_notify(3), over the descriptor that `sealwatch-notify` opened
 * (notice/program/notify.c). Nothing is told where nobody listens, and nothing waits for whoever does.
 */
export class ServiceNotice {
  readonly #options: ServiceNoticeOptions;
  #beat: NodeJS.Timeout | undefined;

  constructor(options: ServiceNoticeOptions) {
    this.#options = options;
  }

  /** As the environment of this process says; `pid` is this process. */
  static of(env: Readonly<Record<string, string | undefined>>, pid: number): ServiceNotice {
    const named = env['SEALWATCH_NOTIFY_FD'] ?? '';
    const fd = DESCRIPTOR.test(named) ? Number(named) : null;
    const isFor = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(pid);
    const microseconds = isFor ? Number(env['WATCHDOG_USEC'] ?? 0) : 0;
    return new ServiceNotice({
      fd: fd !== null && isSocket(fd) ? fd : null,
      watchdogMs: microseconds > 0 ? microseconds / 1_000 : null,
    });
  }

  /** The service works; from now on it gives signs of life, as long as this event loop turns. */
  ready(status: string): void {
    this.#tell(`READY=1\n${statusLine(status)}`);
    const { watchdogMs } = this.#options;
    if (watchdogMs === null || this.#beat !== undefined) return;
    this.#beat = setInterval(
      () => this.#tell('WATCHDOG=1'),
      Math.max(LEAST_MS, watchdogMs / TIMES_WITHIN),
    ).unref();
  }

  /** One line for `systemctl status`. */
  status(text: string): void {
    this.#tell(statusLine(text));
  }

  /** The service ends by itself. It goes on giving signs of life until it has. */
  stopping(): void {
    this.#tell('STOPPING=1');
  }

  #tell(state: string): void {
    const { fd } = this.#options;
    if (fd === null) return;
    try {
      writeSync(fd, state);
    } catch {
      // Whoever listens has gone, or has too much to read: a later word replaces this one.
    }
  }
}

function statusLine(text: string): string {
  return `STATUS=${text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, MAX_STATUS)}`;
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
