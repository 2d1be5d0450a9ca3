import type { KeyObject } from 'node:crypto';
import type { HelloFrame } from '../../wire/index.ts';
import { AgentError } from '../errors.ts';
import type { AgentLog } from '../log.ts';
import { backoff } from '../uplink/backoff.ts';
import {
  CentralRefusal,
  CentralRequests,
  type IssuedCertificate,
  type TlsCredentials,
} from './central-requests.ts';
import { CredentialFiles, type KeptCertificate, readCertificate } from './credential-files.ts';
import { type EnrolmentCode, enrolmentCode } from './enrolment-code.ts';
import { readEnrolmentToken } from './enrolment-token.ts';
import { type KeyKeeper, makeKey } from './key-keeper.ts';

/** Milliseconds between two looks for a token, while this agent needs one. */
const TOKEN_LOOK_MS = 5_000;
/** Milliseconds until a central is asked again that is not the pinned one, and a key that cannot be had is tried again. */
const DISTRUST_MS = 60_000;
/** Milliseconds between two looks at the age of the certificate: clocks jump, and timers stand still while a machine sleeps. */
const LOOK_MS = 10 * 60_000;
/** Milliseconds until a certificate is renewed again that is due as it comes, since the clock of this host or of central is wrong. */
const WRONG_CLOCK_MS = 30_000;
/** Share of a certificate's life, at random between the two, after which it is renewed. */
const RENEW_FROM = 0.45;
const RENEW_TO = 0.55;

export const ENROLMENT_STATES = ['waiting', 'enrolled', 'refused'] as const;

/** How this agent stands with central. */
export interface EnrolmentStatus {
  readonly state: (typeof ENROLMENT_STATES)[number];
  /** Why it is not enrolled; null where it is. */
  readonly code: EnrolmentCode | null;
  /** What it waits for, or why it was refused. */
  readonly detail: string;
  /** When its certificate ends, RFC 3339; null without one. */
  readonly expires: string | null;
  /** Where its key lies: `tpm` or `file`; null without one. */
  readonly key: string | null;
}

export interface EnrolmentOptions {
  readonly stateDir: string;
  /** `wss://` URL of central. */
  readonly url: string;
  readonly agent: () => HelloFrame['agent'];
  /** What the operator gave this host, as it stands now; null where there is none yet. */
  readonly token: () => Promise<string | null>;
  /** What the last welcome gave. */
  readonly generation: () => string | null;
  /** Gives this agent another id, durably. */
  readonly takeNewId: () => void;
  /** New credentials are there. */
  readonly onReady: () => void;
  readonly log: AgentLog;
  /** Where the tools of the TPM are looked for. */
  readonly env?: NodeJS.ProcessEnv;
  readonly clock?: () => number;
  readonly random?: () => number;
  /** For tests: milliseconds between two looks for a token. */
  readonly tokenLookMs?: number;
  readonly wrongClockMs?: number;
}

/** An id, and the key for it once there is one. */
interface Holding {
  readonly id: string;
  readonly keeper: KeyKeeper;
  readonly key: KeyObject | null;
}

/** Gets this agent its certificate, and keeps it fresh. */
export class Enrolment {
  readonly #options: EnrolmentOptions;
  readonly #requests: CentralRequests;
  readonly #files: CredentialFiles;
  readonly #stop = new AbortController();
  readonly #clock: () => number;
  readonly #random: () => number;
  #held: Holding | null = null;
  #certificate: KeptCertificate | null = null;
  #renewAt = 0;
  #standing: Pick<EnrolmentStatus, 'state' | 'code' | 'detail'> = {
    state: 'waiting',
    code: 'enrolment-starting',
    detail: 'starting',
  };
  #refusedToken: string | null = null;
  #attempt = 0;
  #timer: NodeJS.Timeout | null = null;
  #work: Promise<void> = Promise.resolve();
  #isAsked = false;

  constructor(options: EnrolmentOptions) {
    const { stateDir, url, env = process.env, clock = Date.now, random = Math.random } = options;
    this.#options = options;
    this.#requests = new CentralRequests(url, this.#stop.signal);
    this.#files = new CredentialFiles(stateDir, { env });
    this.#clock = clock;
    this.#random = random;
  }

  /** What central takes just now; null where this agent has nothing of the kind. */
  get credentials(): TlsCredentials | null {
    const kept = this.#certificate;
    const isOurs = this.#held?.id === this.#options.agent().id;
    return kept === null || !isOurs || kept.expires <= this.#clock() ? null : kept.credentials;
  }

  get status(): EnrolmentStatus {
    const expires = this.#certificate === null ? null : new Date(this.#certificate.expires).toISOString();
    const place = this.#held?.key ? this.#held.keeper.name : null;
    return { ...this.#standing, expires, key: place };
  }

  start(): void {
    this.#after(0);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#work;
  }

  /** Renews the certificate now, whatever its age. */
  renewNow(): void {
    this.#renewAt = 0;
    this.#isAsked = true;
    this.#after(0);
  }

  /** What central said when it refused a connection. */
  refused(reason: string): void {
    if (reason === 'cloned') this.#beCloned();
    else if (reason === 'revoked') this.#lose('revoked', 'a new token lets this host in again');
    else if (reason === 'certificate-expired' || reason === 'certificate-invalid') this.#renewAt = 0;
    else return;
    this.#isAsked = true;
    this.#after(0);
  }

  #after(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#work = this.#work.then(() => this.#turn());
    }, ms);
  }

  async #turn(): Promise<void> {
    this.#isAsked = false;
    const next = await this.#advance().then(
      (ms) => {
        this.#attempt = 0;
        return ms;
      },
      (error: unknown) => this.#failed(error),
    );
    this.#after(this.#isAsked ? 0 : next);
  }

  /** Does what is next; answers the milliseconds until there is something to do again. */
  async #advance(): Promise<number> {
    if (this.#stop.signal.aborted) return 0;
    const { id } = this.#options.agent();
    const held = this.#held?.id === id ? this.#held : await this.#load(id);
    if (held.key === null || this.#certificate === null) return await this.#enrol(held);
    if (this.#clock() >= this.#renewAt) return await this.#renew(id, held.key, this.#certificate);
    // It had expired by a clock that was ahead, and is good by the right one.
    if (this.#standing.state !== 'enrolled') this.#take(this.#certificate);
    return Math.min(LOOK_MS, this.#renewAt - this.#clock());
  }

  /** What an earlier run kept for this id; what was kept for another is removed. */
  async #load(id: string): Promise<Holding> {
    const keeper = await this.#files.keeper(id);
    const key = await keeper.read();
    const held = { id, keeper, key };
    const kept = key === null ? null : this.#files.certificate(id, key);
    this.#held = held;
    this.#certificate = null;
    if (kept !== null) this.#take(kept);
    this.#files.removeOthers(id);
    return held;
  }

  async #newKey({ id, keeper }: Holding): Promise<KeyObject> {
    const key = makeKey();
    // Kept before it is shown: an answer that is lost is asked for again with the same key.
    await keeper.write(key);
    this.#held = { id, keeper, key };
    return key;
  }

  async #enrol(held: Holding): Promise<number> {
    const { token, agent, tokenLookMs = TOKEN_LOOK_MS } = this.#options;
    const text = await token();
    if (text === null || text === this.#refusedToken) {
      if (this.#standing.state !== 'refused')
        this.#say('waiting', 'token-missing', 'no enrolment token is there yet');
      return tokenLookMs;
    }
    const wish = readEnrolmentToken(text);
    if (wish === null) return this.#refuseToken(text, 'token-malformed', 'it is no enrolment token');
    const { id } = held;
    const key = held.key ?? (await this.#newKey(held));
    try {
      const ca = await this.#requests.authority(wish);
      const issued = await this.#requests.enrol(ca, wish.secret, await requestFor(id, key), agent());
      this.#keep(id, key, issued, ca);
    } catch (error) {
      if (!(error instanceof CentralRefusal) || error.reason === 'internal') throw error;
      if (error.reason === 'too-many-requests') throw error;
      if (error.reason === 'already-enrolled') return this.#giveUpId(id);
      return this.#refuseToken(text, error.reason, error.message);
    }
    return 0;
  }

  async #renew(id: string, key: KeyObject, { credentials }: KeptCertificate): Promise<number> {
    try {
      const csr = await requestFor(id, key);
      const issued = await this.#requests.renew(credentials, csr, this.#options.generation());
      this.#keep(id, key, issued, credentials.ca);
      const left = this.#renewAt - this.#clock();
      return left > 0 ? Math.min(LOOK_MS, left) : (this.#options.wrongClockMs ?? WRONG_CLOCK_MS);
    } catch (error) {
      if (!(error instanceof CentralRefusal)) throw error;
      if (error.reason === 'cloned') this.#beCloned();
      else if (LOST.has(error.reason)) this.#lose(error.reason, error.message);
      else throw error;
      return 0;
    }
  }

  /** Only the authority that was pinned is believed, whatever the answer names. */
  #keep(id: string, key: KeyObject, { certificate }: IssuedCertificate, ca: string): void {
    const kept = readCertificate(certificate, ca, key);
    if (kept === null) throw new Error('central gave a certificate for another key');
    this.#files.keep(id, kept.credentials);
    this.#take(kept);
  }

  #take(kept: KeptCertificate): void {
    const share = RENEW_FROM + (RENEW_TO - RENEW_FROM) * this.#random();
    this.#certificate = kept;
    this.#renewAt = kept.from + (kept.expires - kept.from) * share;
    this.#refusedToken = null;
    if (kept.expires > this.#clock()) {
      this.#say('enrolled', null, '');
      this.#options.onReady();
    } else this.#say('waiting', 'certificate-expired', 'its certificate has expired and is to be renewed');
  }

  /** The certificate is worth nothing any more: only a token helps. */
  #lose(reason: string, message: string): void {
    this.#certificate = null;
    this.#say('refused', enrolmentCode(reason), `${reason}: ${message}`);
  }

  #beCloned(): void {
    const { log, takeNewId, agent } = this.#options;
    const before = agent().id;
    takeNewId();
    this.#certificate = null;
    log.error(
      'another machine works under the identity of this agent: it takes a new one and needs a token',
      { before, now: agent().id },
    );
    const detail = 'cloned: this host was copied; it has a new id and needs an enrolment token';
    this.#say('refused', 'cloned', detail);
    this.#refusedToken = null;
  }

  /** Another key holds our id, ours being lost: this host goes on as a new agent, with the same token. */
  #giveUpId(before: string): number {
    this.#options.takeNewId();
    const { id: now } = this.#options.agent();
    this.#options.log.warn('the key of this agent was lost: it enrols under a new id', { before, now });
    return 0;
  }

  #refuseToken(text: string, reason: string, message: string): number {
    this.#refusedToken = text;
    this.#say('refused', enrolmentCode(reason), `${reason}: ${message}`);
    return this.#options.tokenLookMs ?? TOKEN_LOOK_MS;
  }

  #failed(error: unknown): number {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#stop.signal.aborted) return 0;
    if (error instanceof AgentError) {
      const code = error.code === 'AGENT_CENTRAL_NOT_PINNED' ? 'central-not-pinned' : 'enrolment-failing';
      this.#say('refused', code, `${error.code}: ${message}`);
      return DISTRUST_MS;
    }
    if (this.#certificate === null) this.#say('waiting', 'enrolment-failing', `cannot enrol: ${message}`);
    else this.#options.log.warn('the certificate could not be renewed', { error: message });
    this.#attempt += 1;
    return backoff(this.#attempt - 1, this.#random);
  }

  /** Notes how things stand, and logs it where that is new. */
  #say(state: EnrolmentStatus['state'], code: EnrolmentCode | null, detail: string): void {
    const isNew = this.#standing.state !== state || this.#standing.detail !== detail;
    this.#standing = { state, code, detail };
    if (!isNew) return;
    const { log } = this.#options;
    if (state === 'enrolled') log.info('enrolled at central', { expires: this.status.expires });
    else if (state === 'waiting') log.warn('not enrolled at central; alerts wait in the spool', { detail });
    else log.error('central does not know this agent; alerts wait in the spool', { detail });
  }
}

/** Refusals of a renewal after which only a token helps. */
const LOST: ReadonlySet<string> = new Set([
  'revoked',
  'certificate-expired',
  'certificate-invalid',
  'no-certificate',
]);

/** Loaded only where a certificate is asked for: most starts need none. */
async function requestFor(id: string, key: KeyObject): Promise<string> {
  const { certificateRequest } = await import('./certificate-request.ts');
  return await certificateRequest(id, key);
}
