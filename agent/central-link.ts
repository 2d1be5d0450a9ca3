import { release, type, userInfo } from 'node:os';
import type { CommandName, HelloFrame, Server } from '../wire/index.ts';
import type { AgentOptions } from './agent-options.ts';
import { AgentBundles } from './bundles/agent-bundles.ts';
import { bundleDownload } from './bundles/bundle-download.ts';
import type { RemoteSettings } from './bundles/remote-config.ts';
import { Enrolment, type EnrolmentStatus } from './enrolment/enrolment.ts';
import type { Fact } from './fact.ts';
import type { OwnState } from './own-state.ts';
import { stopReason } from './protection/stop-reason.ts';
import type { LiveRules } from './rules/live-rules.ts';
import type { Stance } from './stance.ts';
import type { Meta } from './state/database.ts';
import type { Spool } from './state/spool.ts';
import { Uplink } from './uplink/uplink.ts';

export interface CentralLinkParts {
  readonly options: AgentOptions;
  readonly host: string;
  /** Digest of what tells this machine from others; null where there is nothing. */
  readonly machine: string | null;
  readonly meta: Meta;
  readonly spool: Spool;
  readonly own: OwnState;
  readonly remote: RemoteSettings;
  readonly rules: LiveRules;
  readonly stance: Stance;
  /** Guards that start from now on are to judge by it. */
  readonly publishStance: () => void;
  readonly lookAgain: () => Promise<void>;
  readonly reloadRules: () => void;
  readonly onFacts: (facts: readonly Fact[]) => void;
}

/** Everything between this agent and central: who it is to central, what it sends, and what central sends back. */
export class CentralLink {
  readonly #parts: CentralLinkParts;
  readonly #enrolment: Enrolment;
  readonly #uplink: Uplink;
  readonly #bundles: AgentBundles;

  constructor(parts: CentralLinkParts) {
    this.#parts = parts;
    this.#enrolment = this.#makeEnrolment();
    this.#uplink = this.#makeUplink();
    this.#bundles = this.#makeBundles();
  }

  get connected(): boolean {
    return this.#uplink.connected;
  }

  get enrolment(): EnrolmentStatus {
    return this.#enrolment.status;
  }

  get refusedBundles(): AgentBundles['refused'] {
    return this.#bundles.refused;
  }

  start(): void {
    this.#uplink.start();
    this.#enrolment.start();
  }

  /** Something is spooled. */
  notify(): void {
    this.#uplink.notify();
  }

  lossesChanged(): void {
    this.#uplink.lossesChanged();
  }

  announce(servers: readonly Server[]): void {
    this.#uplink.announce(servers);
  }

  /** No bundle comes into force from now on. */
  async stopBundles(): Promise<void> {
    await this.#bundles.stop();
  }

  /** Waits at most so many milliseconds for central to acknowledge what is spooled. */
  async stop(graceMs: number): Promise<void> {
    await this.#uplink.stop(graceMs);
    await this.#enrolment.stop();
  }

  #self(): HelloFrame['agent'] {
    const { meta, options, host } = this.#parts;
    return { id: meta.agentId(), version: options.version, host, os: `${type()} ${release()}` };
  }

  #makeEnrolment(): Enrolment {
    const { options, meta, spool } = this.#parts;
    return new Enrolment({
      ...options.central,
      stateDir: options.stateDir,
      agent: () => this.#self(),
      generation: () => meta.generation(),
      takeNewId: () => spool.takeNewId(),
      onReady: () => this.#uplink.wake(),
      log: options.log,
    });
  }

  #makeUplink(): Uplink {
    const { options, machine, meta, spool, own } = this.#parts;
    return new Uplink({
      url: `${options.central.url}/v1/agent`,
      credentials: () => this.#enrolment.credentials,
      machine,
      agent: () => this.#self(),
      generations: meta,
      onRefused: (code) => this.#enrolment.refused(code),
      spool,
      log: options.log,
      self: { started: own.started, lost: () => own.lost(), health: () => own.health() },
      stopReason: () => stopReason(options.stoppingFile, Date.now()),
      obey: (command) => this.#obey(command),
      bundles: () => this.#bundles.inForce,
      onBundle: (offer) => this.#bundles.offer(offer),
    });
  }

  #makeBundles(): AgentBundles {
    const { options, stance, publishStance, meta, remote, rules, lookAgain, onFacts } = this.#parts;
    return new AgentBundles({
      ...options,
      ...{ stance, publishStance, meta, remote, rules, lookAgain, onFacts },
      fetch: bundleDownload(options.central.url, () => this.#enrolment.credentials),
      tell: (frame) => this.#uplink.tellBundle(frame),
      user: userInfo().username,
    });
  }

  /** Nothing that central may ask for lowers what is enforced here. */
  async #obey(command: CommandName): Promise<string> {
    switch (command) {
      case 'look_again':
        await this.#parts.lookAgain();
        return 'the host was looked at';
      case 'reload_rules':
        this.#parts.reloadRules();
        return 'rules are being read';
      case 'renew_certificate':
        this.#enrolment.renewNow();
        return 'the certificate is being renewed';
    }
  }
}
