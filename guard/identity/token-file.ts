import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type IdentityRequest, TOKEN_LIFE_S, writeDurably } from '../../approval/index.ts';
import { GuardError } from '../errors.ts';
import type { IdentitySource } from './identity-source.ts';
import { makeRuntimeDirectory, type RuntimePlace } from './runtime-directory.ts';

/** Milliseconds between two looks at the clocks. */
const LOOK_MS = 5_000;
/** Milliseconds by which the wall clock may be corrected, or the host sleep, without a new token. */
const MAX_CLOCK_JUMP_MS = 30_000;
/** Milliseconds after which a token is renewed: 60 % of its life. */
const REFRESH_MS = TOKEN_LIFE_S * 1_000 * 0.6;
/** Milliseconds before the first try after a failure; each further one waits twice as long, up to the limit. */
const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 60_000;
/** Part of a delay by which it is longer or shorter, lest all guards of a host ask at once. */
const JITTER = 0.1;

/** What a token file is made of, and how its faults are heard. */
export interface TokenFileOptions {
  readonly source: IdentitySource;
  /** What the next token is to say; null while none may be issued, because the approval does not hold. */
  readonly request: () => IdentityRequest | null;
  readonly place: RuntimePlace;
  /** Hears of a token that could not be renewed and is tried again; the one in the file stays until then. */
  readonly onFailure: (error: GuardError) => void;
  readonly clocks?: Clocks;
}

export interface Clocks {
  readonly wallMs: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

const SYSTEM_CLOCKS: Clocks = {
  wallMs: Date.now,
  monotonicMs: () => performance.now(),
  random: Math.random,
};

/**
 * A file that holds a good token while its owner runs and the approval holds: written whole, renewed at 60 % of the
 * token's life, and at once where the wall clock was set or the host slept. It is the owner's alone (0600 in a directory
 * of 0700). Within seconds of the end of the approval it is gone, and back as soon as there is one again.
 */
export class TokenFile {
  readonly path: string;
  readonly #directory: string;
  readonly #options: TokenFileOptions;
  readonly #clocks: Clocks;
  readonly #timer: NodeJS.Timeout;
  /** What was asked for at the last try; empty where it does not count any more. */
  #stated = '';
  /** Wall clock less monotonic clock at the last try. */
  #offsetMs = 0;
  /** By the monotonic clock. */
  #dueMs = 0;
  #failures = 0;
  #underway: Promise<void> | null = null;
  #isRemoved = false;

  private constructor(options: TokenFileOptions) {
    this.#options = options;
    this.#clocks = options.clocks ?? SYSTEM_CLOCKS;
    this.#directory = makeRuntimeDirectory(options.place);
    this.path = join(this.#directory, 'token');
    this.#timer = setInterval(() => void this.check(), LOOK_MS);
    this.#timer.unref();
  }

  /** Writes the first token. @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE`; nothing is left then */
  static async start(options: TokenFileOptions): Promise<TokenFile> {
    const file = new TokenFile(options);
    try {
      const request = options.request();
      if (request === null)
        throw new GuardError('GUARD_IDENTITY_UNAVAILABLE', 'what is not approved gets no identity');
      await file.#renew(request);
      return file;
    } catch (error) {
      file.remove();
      throw error;
    }
  }

  /** Renews the token where it is time, or where the clocks went apart. Never rejects. */
  async check(): Promise<void> {
    if (this.#isRemoved) return;
    const request = this.#options.request();
    if (request === null) {
      this.#withdraw();
      return;
    }
    if (!this.#isDue(request)) return;
    this.#underway ??= this.#tryRenew(request).finally(() => {
      this.#underway = null;
    });
    await this.#underway;
  }

  /** Removes file and directory; synchronous, so that it can be the last thing a process does. */
  remove(): void {
    this.#isRemoved = true;
    clearInterval(this.#timer);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #isDue(request: IdentityRequest): boolean {
    const jumpMs = Math.abs(this.#clockOffset() - this.#offsetMs);
    const isOther = JSON.stringify(request) !== this.#stated;
    return isOther || jumpMs > MAX_CLOCK_JUMP_MS || this.#clocks.monotonicMs() >= this.#dueMs;
  }

  #withdraw(): void {
    try {
      rmSync(this.path, { force: true });
      this.#stated = '';
    } catch (error) {
      this.#options.onFailure(asGuardError(error, this.path));
    }
  }

  async #tryRenew(request: IdentityRequest): Promise<void> {
    try {
      await this.#renew(request);
    } catch (error) {
      if (this.#isRemoved) return;
      const delayMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, MAX_RETRY_MS);
      this.#failures += 1;
      this.#offsetMs = this.#clockOffset();
      this.#schedule(delayMs);
      this.#options.onFailure(asGuardError(error, this.path));
    }
  }

  async #renew(request: IdentityRequest): Promise<void> {
    const offsetMs = this.#clockOffset();
    const stated = JSON.stringify(request);
    this.#stated = stated;
    const token = await this.#options.source.issue(request);
    // What ended or changed meanwhile is seen by the next look.
    if (this.#isRemoved || JSON.stringify(this.#options.request()) !== stated) return;
    try {
      writeDurably(this.path, token, 0o600);
    } catch (error) {
      throw asGuardError(error, this.path);
    }
    this.#failures = 0;
    this.#offsetMs = offsetMs;
    this.#schedule(REFRESH_MS);
  }

  #schedule(delayMs: number): void {
    const { monotonicMs, random } = this.#clocks;
    this.#dueMs = monotonicMs() + Math.round(delayMs * (1 - JITTER + 2 * JITTER * random()));
  }

  #clockOffset(): number {
    return this.#clocks.wallMs() - this.#clocks.monotonicMs();
  }
}

function asGuardError(error: unknown, path: string): GuardError {
  if (error instanceof GuardError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new GuardError('GUARD_IDENTITY_UNAVAILABLE', `${path} cannot be kept: ${reason}`, {
    cause: error,
  });
}
