import { installBundle, installPolicyBundle, loadTrust, Marks, type Trust } from '../../approval/index.ts';
import type { BundleKind, HelloFrame, Profile } from '../../wire/index.ts';
import type { LiveRules } from '../rules/live-rules.ts';
import type { Stance } from '../stance.ts';
import type { Meta } from '../state/database.ts';
import { BundleDesk, type BundleDeskOptions, type TakenBundle } from './bundle-desk.ts';
import { BundleMarks } from './bundle-marks.ts';
import type { RemoteSettings } from './remote-config.ts';

export interface AgentBundlesOptions extends Omit<BundleDeskOptions, 'marks' | 'install'> {
  readonly stance: Stance;
  readonly meta: Meta;
  readonly remote: RemoteSettings;
  readonly rules: Pick<LiveRules, 'edition' | 'reload' | 'takePack'>;
  /** Judges all servers anew. */
  readonly lookAgain: () => Promise<unknown>;
  /** Tells guards and commands of this host the stance as it is now. @throws {AgentError} */
  readonly publishStance: () => void;
}

/** The bundles of central on this host: what is in force, and how another one comes to be. */
export class AgentBundles {
  readonly #options: AgentBundlesOptions;
  readonly #desk: BundleDesk;
  /** Profile of the config that is being tried, once rules go by it; null before. */
  #tried: Profile | null = null;

  constructor(options: AgentBundlesOptions) {
    this.#options = options;
    const { rules } = options;
    this.#desk = new BundleDesk({
      ...options,
      marks: new BundleMarks(options.meta),
      install: {
        rules: ({ text, version }) => rules.takePack(text, version),
        approvals: (bundle) => this.#takeApprovals(bundle),
        policy: (bundle) => this.#takePolicy(bundle),
        config: ({ text }) => this.#takeConfig(text),
      },
    });
  }

  /** The version in force of each kind, whoever brought it. */
  get inForce(): HelloFrame['bundles'] {
    const { stateDir, remote, rules } = this.#options;
    const versions: readonly (readonly [BundleKind, number | null])[] = [
      ['rules', rules.edition.pack?.version ?? null],
      ['approvals', new Marks(stateDir).bundleVersion || null],
      ['policy', new Marks(stateDir).policyVersion || null],
      ['config', remote.version],
    ];
    return versions.flatMap(([kind, version]) => (version === null ? [] : [{ kind, version }]));
  }

  /** The last offer of each kind, where it was refused. */
  get refused(): BundleDesk['refused'] {
    return this.#desk.refused;
  }

  /** Resolves when no offer waits. */
  get idle(): Promise<void> {
    return this.#desk.idle;
  }

  offer(frame: Parameters<BundleDesk['offer']>[0]): void {
    this.#desk.offer(frame);
  }

  stop(): Promise<void> {
    return this.#desk.stop();
  }

  async #takeApprovals({ text }: TakenBundle): Promise<string> {
    const { stateDir, lookAgain } = this.#options;
    installBundle(text, stateDir, this.#trust(), new Marks(stateDir));
    await lookAgain();
    return 'the servers of this host are judged by it';
  }

  async #takePolicy({ text }: TakenBundle): Promise<string> {
    const { stateDir, stance, lookAgain } = this.#options;
    const { profile } = stance;
    await installPolicyBundle(text, stateDir, { trust: this.#trust(), profile, marks: new Marks(stateDir) });
    await lookAgain();
    return 'the servers of this host are held to it, beside what their approvals say';
  }

  #trust(): Trust {
    const { stateDir, systemTrust: systemDirectory, stance } = this.#options;
    return loadTrust({ stateDir, systemDirectory, profile: stance.profile });
  }

  async #takeConfig(text: string): Promise<string> {
    const { remote, stance, lookAgain } = this.#options;
    const { profile, denial } = stance;
    this.#tried = null;
    try {
      remote.take(text, () => this.#follow(profile));
    } catch (error) {
      this.#goBack(profile);
      throw error;
    }
    const isOther = stance.profile !== profile;
    if (isOther || stance.denial !== denial) await lookAgain();
    return isOther ? 'in force; guards that run already keep their profile until they end' : 'in force';
  }

  /** Has rules, and the guards that start from now on, go by the config that is being tried. @throws {AgentError} */
  #follow(before: Profile): void {
    const { rules, stance, publishStance } = this.#options;
    const fault = rules.reload();
    if (fault !== null) throw fault;
    this.#tried = stance.profile;
    if (stance.profile !== before) publishStance();
  }

  /** The config that was tried is given up: so is what went by it. */
  #goBack(before: Profile): void {
    const { rules, publishStance } = this.#options;
    const tried = this.#tried;
    if (tried === null) return;
    rules.reload();
    if (tried !== before) publishStance();
  }
}
