import { EventReader } from './event-reader.ts';
import type { RemoteLimits } from './limits.ts';
import type { Outgoing } from './outgoing.ts';

const RESUME_GROWTH = 1.5;
/** Milliseconds that are waited at least, whatever the server says. */
const MIN_RESUME_MS = 50;

/** A stream of events as it goes on over several connections. */
export class EventFeed {
  /** The message whose answer it carries; null for the server's own messages. */
  readonly outgoing: Outgoing | null;
  readonly #limits: RemoteLimits;
  #lastEventId: string | null = null;
  #retryMs: number | null = null;
  #attempts = 0;
  #since = 0;

  constructor(outgoing: Outgoing | null, limits: RemoteLimits) {
    this.outgoing = outgoing;
    this.#limits = limits;
  }

  /** The event after which the stream goes on; null where it cannot be said. */
  get lastEventId(): string | null {
    return this.#lastEventId;
  }

  /** A connection was made. */
  begin(nowMs: number): EventReader {
    this.#since = nowMs;
    return new EventReader(this.#limits.messageBytes);
  }

  /** A message came, or at least where it goes on. */
  note(reader: EventReader): void {
    this.#lastEventId = reader.lastEventId ?? this.#lastEventId;
    this.#retryMs = reader.retryMs ?? this.#retryMs;
  }

  /** It works: what failed before counts no more. */
  moved(): void {
    this.#attempts = 0;
  }

  /** The connection ended. */
  end(reader: EventReader, nowMs: number): void {
    this.note(reader);
    if (nowMs - this.#since >= this.#limits.steadyMs) this.#attempts = 0;
  }

  /** Whether it makes sense to ask for the rest: an answer only comes again where the server numbered its events. */
  get resumable(): boolean {
    return this.outgoing === null || this.#lastEventId !== null;
  }

  /** Milliseconds to wait before the next attempt; null where there were enough. */
  nextAttemptMs(): number | null {
    const { resumes, resumeMs, maxResumeMs } = this.#limits;
    if (this.#attempts >= resumes) return null;
    const wait = this.#retryMs ?? resumeMs * RESUME_GROWTH ** this.#attempts;
    this.#attempts += 1;
    return Math.min(maxResumeMs, Math.max(MIN_RESUME_MS, wait));
  }
}
