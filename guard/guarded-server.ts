import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Moment } from '../approval/index.ts';
import type { Profile } from '../wire/index.ts';
import { Authority } from './authority/authority.ts';
import type { Decided, Decider } from './authority/decided.ts';
import { PathWatch } from './authority/path-watch.ts';
import { type Refusal, rulingOn } from './authority/ruling.ts';
import { GuardError } from './errors.ts';
import type { Journal } from './evidence/journal.ts';
import { SessionEvidence, serverWords } from './evidence/session-evidence.ts';
import { type Relay, startRelay } from './relay/relay.ts';
import type { Questions } from './session/questions.ts';
import { Session } from './session/session.ts';
import { ToolWatch } from './session/tool-watch.ts';
import type { KeptManifests } from './tools/kept-manifests.ts';

/** Milliseconds that a server has to end by itself once its client has left. */
const LEAVE_MS = 2_000;
/** Milliseconds that the last of what a server wrote is waited for once it has ended. */
const LAST_WORDS_MS = 2_000;

/** A server that was started or is connected to. */
export interface Running {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly ended: Promise<GuardEnd>;
  /** It answered `initialize`. */
  settled(): void;
  /** Something else is decided about it from now on. */
  follow(decided: Decided, isAllowed: boolean): void;
  /** What it runs that it should not; null where it is as it was approved. */
  strange(): string | null;
  signal(name: NodeJS.Signals): void;
  /** Ends it with everything that it started, after `graceMs` at the latest. */
  end(graceMs: number): void;
}

/** How a server ended. */
export interface GuardEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GuardedServerOptions {
  readonly first: Decided;
  readonly decider: Decider;
  readonly profile: Profile;
  readonly journal: Journal;
  readonly manifests: KeptManifests;
  readonly questions: Questions;
  /** Opens the client's end. */
  readonly client: () => { readonly input: Readable; readonly output: Writable };
  /** The program that passes messages between standard input and output and the server; null where there is none. */
  readonly relay: string | null;
  /** Starts the server, or connects to it; `now` is what is decided at any later time. */
  readonly start: (first: Decided, now: () => Decided) => Promise<Running>;
  readonly say: (text: string) => void;
  /** Told when a signal came that is the server's, too. */
  readonly onSignal: (forward: (name: NodeJS.Signals) => void) => void;
}

/** A server with the guard in front, from its start to its end. */
export class GuardedServer {
  readonly #options: GuardedServerOptions;
  readonly #watch: PathWatch;
  readonly #authority: Authority;
  #running: Running | null = null;
  #session: Session | null = null;
  #settled = false;

  constructor(options: GuardedServerOptions) {
    this.#options = options;
    this.#watch = new PathWatch(() => this.#authority.touched());
    this.#authority = new Authority(options.first, {
      look: (now) => options.decider.look(now),
      onTouched: () => this.#session?.touched(),
      onChange: (decided) => this.#judged(decided),
      follow: (watch) => this.#watch.follow(watch),
      probe: () => this.#watch.probe(),
      onFailure: (error) => options.say(`what decides could not be looked at: ${String(error)}`),
    });
  }

  /** @throws {GuardError} where it cannot be started */
  async run(): Promise<GuardEnd> {
    const { first, start, onSignal } = this.#options;
    try {
      const running = await start(first, () => this.#authority.decided);
      this.#running = running;
      const { relay } = this.#options;
      const passage = relay === null ? null : startRelay(relay, running.stdin, running.stdout);
      const session = this.#open(running, passage);
      this.#session = session;
      onSignal((name) => running.signal(name));
      // What was touched between the look and the watch, or while it was started, is seen now.
      this.#authority.touched();
      void this.#compare();
      void session.clientLeft.then(() => {
        passage?.server.input.end();
        running.end(LEAVE_MS);
      });
      const end = await running.ended;
      await Promise.race([session.serverLeft, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
      await passage?.finish();
      // What was decided last is recorded in the next turn.
      await turn();
      this.#options.journal.write({ server: this.#words, kind: 'exit', ...end });
      return end;
    } finally {
      this.#authority.stop();
      this.#watch.close();
      this.#session?.close();
    }
  }

  #open(running: Running, passage: Relay | null): Session {
    const { profile, journal, manifests, questions, client } = this.#options;
    const moment = (): Moment => ({ now: new Date(), monotonic: performance.now() });
    return new Session({
      client: passage?.client ?? client(),
      server: passage?.server ?? { input: running.stdin, output: running.stdout },
      passage,
      authority: this.#authority,
      profile,
      questions,
      moment,
      record: new SessionEvidence(journal, () => this.#words),
      toolWatch: (exchange, toServer) =>
        new ToolWatch({
          exchange,
          toServer,
          authority: this.#authority,
          profile,
          manifests,
          moment,
          record: (entry) => journal.write({ server: this.#words, ...entry }),
        }),
      onInitialized: () => {
        this.#settled = true;
        running.settled();
      },
      onBroken: () => this.#kill('the server sent what cannot be passed on'),
    });
  }

  /** What runs is what was approved: the closure by another look, the process by what it executes. */
  async #compare(): Promise<void> {
    const decided = await this.#authority.settled();
    const ruling = rulingOn((decided ?? this.#authority.decided).standing, this.#options.profile);
    const strange = this.#running?.strange() ?? null;
    if (strange !== null) this.#mismatch(strange, 'it is no program of what was approved');
    else if (ruling.kind === 'refuse' && !this.#settled) this.#tooLate(ruling.refusal);
  }

  #mismatch(path: string, reason: string): void {
    this.#options.journal.write({ server: this.#words, kind: 'image', path, reason });
    this.#kill(`${path} was started: ${reason}`);
  }

  #tooLate({ code, reason }: Refusal): void {
    const { journal } = this.#options;
    journal.write({ server: this.#words, kind: 'standing', allowed: false, code, reason });
    this.#kill(`it changed while it was started: ${reason}`);
  }

  #kill(reason: string): void {
    this.#options.say(new GuardError('GUARD_IMAGE_MISMATCH', `ended: ${reason}`).message);
    this.#running?.end(0);
  }

  #judged(decided: Decided): void {
    const { profile, journal, say } = this.#options;
    const ruling = rulingOn(decided.standing, profile);
    const [code, reason] =
      ruling.kind === 'refuse' ? [ruling.refusal.code, ruling.refusal.reason] : [null, 'allowed'];
    journal.write({ server: this.#words, kind: 'standing', allowed: code === null, code, reason });
    say(code === null ? 'its calls are let through' : `its calls are refused: ${reason} (${code})`);
    this.#running?.follow(decided, code === null);
    this.#session?.judgedAnew();
  }

  get #words() {
    return serverWords(this.#authority.decided.standing);
  }
}
