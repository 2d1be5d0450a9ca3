import { createHash } from 'node:crypto';
import { type FleetBundle, loadTrust, openFleetBundle } from '../../approval/index.ts';
import { type AgentFrame, type BundleKind, type CentralFrame, CodedError } from '../../wire/index.ts';
import type { AgentOptions } from '../agent-options.ts';
import { factOfRefusedBundle } from '../enrich/agent-facts.ts';
import { AgentError } from '../errors.ts';
import type { Fact } from '../fact.ts';
import type { Stance } from '../stance.ts';
import type { FetchBundle } from './bundle-download.ts';
import type { BundleMarks } from './bundle-marks.ts';

type Offer = Extract<CentralFrame, { type: 'bundle' }>;
type StateFrame = Extract<AgentFrame, { type: 'bundle_state' }>;

const MAX_MESSAGE_CHARS = 500;

/** A bundle whose signatures, version, group and age hold, with its text. */
export interface TakenBundle extends FleetBundle {
  readonly text: string;
}

/**
 * Puts a bundle into force, whole or not at all, also where the agent is killed meanwhile; says in words what came of it.
 * @throws {CodedError} where it cannot be in force; what was before still is
 */
export type InstallBundle = (bundle: TakenBundle) => string | Promise<string>;

export interface BundleDeskOptions extends Pick<AgentOptions, 'stateDir' | 'systemTrust' | 'group' | 'log'> {
  readonly stance: Pick<Stance, 'profile'>;
  readonly marks: BundleMarks;
  readonly fetch: FetchBundle;
  readonly install: Readonly<Record<BundleKind, InstallBundle>>;
  /** Tells central what became of an offer. */
  readonly tell: (frame: StateFrame) => void;
  readonly onFacts: (facts: readonly Fact[]) => void;
  /** Name of the user that the agent runs as. */
  readonly user: string;
  readonly now?: () => number;
}

/** A bundle that is not in force, with the code of the error. */
export interface RefusedBundle {
  readonly kind: BundleKind;
  readonly version: number;
  readonly code: string;
}

/** Takes what central offers: one bundle at a time, the newest offer of a kind only, and only forward. */
export class BundleDesk {
  readonly #options: BundleDeskOptions;
  readonly #waiting = new Map<BundleKind, Offer>();
  readonly #refused = new Map<BundleKind, RefusedBundle>();
  readonly #stop = new AbortController();
  #work: Promise<void> | null = null;

  constructor(options: BundleDeskOptions) {
    this.#options = options;
  }

  /** Resolves when no offer waits. */
  get idle(): Promise<void> {
    return this.#work ?? Promise.resolve();
  }

  /** The last offer of each kind, where it was refused. */
  get refused(): readonly RefusedBundle[] {
    return [...this.#refused.values()];
  }

  offer(frame: Offer): void {
    if (this.#stop.signal.aborted) return;
    this.#waiting.set(frame.kind, frame);
    this.#work ??= this.#takeAll();
  }

  /** Ends what is being fetched; what is being installed is finished. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#waiting.clear();
    await this.idle;
  }

  async #takeAll(): Promise<void> {
    for (const [kind, offer] of this.#waiting) {
      this.#waiting.delete(kind);
      await this.#take(offer);
    }
    this.#work = null;
  }

  async #take(offer: Offer): Promise<void> {
    const { kind, version } = offer;
    const { tell, log, marks } = this.#options;
    try {
      const mark = marks.of(kind);
      const isThere = mark?.version === version && mark.sha256 === offer.sha256;
      const message = isThere ? 'it is in force already' : await this.#fetchAndInstall(offer);
      log.info('a bundle of central is in force', { kind, version });
      this.#refused.delete(kind);
      tell({ type: 'bundle_state', kind, version, state: 'applied', code: null, message: cut(message) });
    } catch (error) {
      // A stop, or a central that cannot be reached, says nothing about the bundle: it is offered again.
      if (this.#stop.signal.aborted) return;
      this.#refuse(offer, error);
    }
  }

  async #fetchAndInstall(offer: Offer): Promise<string> {
    const { kind, version, sha256, bytes } = offer;
    const { marks, fetch, install } = this.#options;
    const mark = marks.of(kind);
    if (mark !== null && version < mark.version) marks.refuseOlder(kind, { version, digest: '' });
    const data = await fetch(sha256, bytes, this.#stop.signal);
    if (data.length !== bytes || createHash('sha256').update(data).digest('hex') !== sha256)
      throw new AgentError('AGENT_BUNDLE_MISMATCH', 'the bundle is not what was announced');
    const bundle = await this.#open(kind, data.toString('utf8'));
    if (bundle.version !== version)
      throw new AgentError('AGENT_BUNDLE_MISMATCH', `the bundle says that it is version ${bundle.version}`);
    const message = await install[kind](bundle);
    marks.set(kind, { version, digest: bundle.digest, sha256 });
    return message;
  }

  async #open(kind: BundleKind, text: string): Promise<TakenBundle> {
    const { stateDir, systemTrust: systemDirectory, stance, marks } = this.#options;
    const { profile } = stance;
    const trust = loadTrust({ stateDir, systemDirectory, profile });
    const bundle = await openFleetBundle(kind, text, trust, profile);
    marks.refuseOlder(kind, bundle);
    this.#refuseUnfit(bundle);
    return { ...bundle, text };
  }

  #refuseUnfit({ kind, version, group, expires }: FleetBundle): void {
    const { group: own, now = Date.now } = this.#options;
    if (group !== undefined && group !== own)
      throw new AgentError('AGENT_BUNDLE_OTHER_GROUP', `bundle ${kind} ${version} is for the group ${group}`);
    if (expires !== undefined && Date.parse(expires) <= now())
      throw new AgentError('AGENT_BUNDLE_EXPIRED', `bundle ${kind} ${version} ended ${expires}`);
  }

  #refuse({ kind, version }: Offer, error: unknown): void {
    const { tell, onFacts, log, user, now = Date.now } = this.#options;
    const code = error instanceof CodedError ? error.code : 'AGENT_BUNDLE_INVALID';
    const message = error instanceof Error ? error.message : String(error);
    log.error('a bundle of central is refused; what was before stays in force', {
      kind,
      version,
      code,
      message,
    });
    this.#refused.set(kind, { kind, version, code });
    tell({ type: 'bundle_state', kind, version, state: 'refused', code, message: cut(message) });
    onFacts([factOfRefusedBundle(kind, version, `${message} (${code})`, now(), user)]);
  }
}

function cut(message: string): string {
  return message.slice(0, MAX_MESSAGE_CHARS);
}
