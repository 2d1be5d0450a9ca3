import { type FSWatcher, watch } from 'node:fs';
import { type Issuer, TokenIssuer } from '../../approval/index.ts';
import type { HostUser } from '../../inventory/index.ts';
import { type IdentityAnswer, identityQuestionSchema } from '../../wire/index.ts';
import type { KnownServer } from '../enrich/known-server.ts';
import type { AgentLog } from '../log.ts';
import type { Stance } from '../stance.ts';
import { DropBox, type Dropped } from './drop-box.ts';
import { ruleOnIdentity } from './identity-ruling.ts';

/** Milliseconds between two goes where more was asked than one go takes: about 640 questions of a user a second at most. */
const PACE_MS = 100;
/** Milliseconds between looks that nothing gave cause for. */
const IDLE_MS = 10_000;

export interface IdentityDeskOptions {
  readonly stateDir: string;
  readonly issuer: Issuer;
  readonly stance: Pick<Stance, 'profile'>;
  /** Users that are answered. */
  readonly users: readonly HostUser[];
  /** The servers as of now. */
  readonly servers: () => readonly KnownServer[];
  readonly log: AgentLog;
}

/**
 * Issues identity tokens to the guards of other users. The key stays with root: a guard, and a server that runs as its
 * user, get tokens for what is approved of that user, and cannot make any.
 */
export class IdentityDesk {
  readonly #options: IdentityDeskOptions;
  #box: DropBox | null = null;
  #issuer: TokenIssuer | null = null;
  #watchers: readonly FSWatcher[] = [];
  #idle: NodeJS.Timeout | null = null;
  #next: NodeJS.Timeout | null = null;

  constructor(options: IdentityDeskOptions) {
    this.#options = options;
  }

  /** Opens, where it runs as root: another user's guards sign for themselves. What fails is logged. */
  start(): void {
    if (process.geteuid?.() !== 0) return;
    const { stateDir, users, log } = this.#options;
    try {
      const box = new DropBox(stateDir, [...new Set(users.map(({ uid }) => uid))]);
      this.#box = box;
      this.#watchers = box.directories.map((directory) =>
        watch(directory, { persistent: false }, () => this.#soon(0)).on('error', () => {}),
      );
      this.#idle = setInterval(() => this.#look(), IDLE_MS);
      this.#idle.unref();
      this.#soon(0);
    } catch (error) {
      log.warn('no identities are issued to guards', { error: String(error) });
    }
  }

  stop(): void {
    for (const watcher of this.#watchers) watcher.close();
    if (this.#idle !== null) clearInterval(this.#idle);
    if (this.#next !== null) clearTimeout(this.#next);
    this.#next = null;
    this.#box = null;
  }

  #soon(waitMs: number): void {
    if (this.#box === null) return;
    this.#next ??= setTimeout(() => {
      this.#next = null;
      this.#look();
    }, waitMs);
  }

  #look(): void {
    const box = this.#box;
    if (box === null) return;
    try {
      const { dropped, isFull } = box.take();
      for (const question of dropped) box.answer(question, JSON.stringify(this.#answerTo(question)));
      box.clear();
      if (isFull) this.#soon(PACE_MS);
    } catch (error) {
      this.#options.log.warn('questions for identities could not be answered', { error: String(error) });
    }
  }

  #answerTo({ uid, text }: Dropped): IdentityAnswer {
    const { servers, users, stance } = this.#options;
    const question = identityQuestionSchema.safeParse(jsonOf(text));
    if (!question.success) return { v: 1, refused: 'this is no question' };
    const names = users.filter((user) => user.uid === uid).map(({ name }) => name);
    const ruling = ruleOnIdentity(question.data, new Set(names), servers());
    if ('refused' in ruling) return { v: 1, refused: ruling.refused };
    return { v: 1, token: this.#open().issue({ ...ruling, profile: stance.profile }, Date.now()) };
  }

  /** The key is made when it is first needed. @throws {ApprovalError} */
  #open(): TokenIssuer {
    this.#issuer ??= TokenIssuer.open(this.#options.stateDir, this.#options.issuer);
    return this.#issuer;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
