import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeRulePack } from '../../approval/index.ts';
import { FileWatcher } from '../../collectors/index.ts';
import type { RuleSet } from '../../rules/engine/index.ts';
import type { AgentOptions } from '../agent-options.ts';
import { factOfRefusedRules, factOfReloadedRules } from '../enrich/agent-facts.ts';
import { AgentError } from '../errors.ts';
import type { Fact } from '../fact.ts';
import type { Stance } from '../stance.ts';
import type { Meta } from '../state/database.ts';
import { PackShelf } from './pack-shelf.ts';
import { RuleWatch } from './rule-watch.ts';
import { RuleBook, type RuleEdition, type RuleFault } from './rulebook.ts';
import type { RuleSettings } from './settings.ts';

/** Fact of the state database: the last pack in force came from central. */
const FROM_CENTRAL = 'rule_pack_of_central';

export interface LiveRulesOptions extends Pick<AgentOptions, 'stateDir' | 'systemTrust' | 'log'> {
  readonly stance: Pick<Stance, 'profile'>;
  readonly rules: AgentOptions['rules'];
  readonly meta: Pick<Meta, 'get' | 'set'>;
  /** Name of the user that the agent runs as. */
  readonly user: string;
  /** Other rules count from now on. */
  readonly onRules: (set: RuleSet) => void;
  readonly onFacts: (facts: readonly Fact[]) => void;
  /** What central's config adds. */
  readonly withRules: (own: RuleSettings) => RuleSettings;
}

/** The rules that an agent watches by, for as long as it runs; tells as facts what becomes of them. */
export class LiveRules {
  readonly #options: LiveRulesOptions;
  readonly #watch: RuleWatch;
  /** The pack of central that is in force, or is being tried; null for none. */
  #offered: string | null;
  /** The pack that the host's own config names. */
  #configured: string | null = null;

  /** @throws {AgentError} where there would be no rule, or files cannot be read */
  constructor(options: LiveRulesOptions) {
    this.#options = options;
    const { rules, log } = options;
    const shelf = new PackShelf(options);
    this.#offered = options.meta.get(FROM_CENTRAL) === null ? null : shelf.copy;
    const { builtin, settings, config } = rules;
    this.#watch = new RuleWatch({
      book: new RuleBook({ builtin, shelf }),
      settings,
      config,
      adjust: (own) => this.#adjust(own),
      watcher: new FileWatcher(),
      onEdition: (edition, faults) => this.#take(edition, faults),
      log,
    });
  }

  get edition(): RuleEdition {
    return this.#watch.edition;
  }

  start(): Promise<void> {
    this.#options.onFacts(this.#refused(this.edition.packFaults));
    return this.#watch.start();
  }

  /** Answers what keeps the rules from being read anew, where something does. */
  reload(): AgentError | null {
    return this.#watch.reload();
  }

  /**
   * Takes a signed pack that central sent, whole or not at all. It counts from then on, also at the next start.
   * @throws {AgentError} AGENT_BUNDLE_UNWANTED where the config names a pack, or why the pack cannot be in force
   */
  takePack(text: string, version: number): string {
    const { meta, stateDir } = this.#options;
    const before = this.#offered;
    this.#offered = join(stateDir, 'rules', 'offered.dsse.json');
    writeRulePack(this.#offered, text);
    const fault = this.#tryPack(version);
    if (fault === null) meta.set(FROM_CENTRAL, 'yes');
    this.#offered = fault === null ? new PackShelf(this.#options).copy : before;
    this.#watch.reload();
    rmSync(join(stateDir, 'rules', 'offered.dsse.json'), { force: true });
    if (fault !== null) throw fault;
    return `${this.edition.set.rules.length} rules are in force`;
  }

  #tryPack(version: number): AgentError | null {
    if (this.#configured !== null)
      return new AgentError('AGENT_BUNDLE_UNWANTED', `the config of this host names ${this.#configured}`);
    const fault = this.#watch.reload();
    if (fault !== null || this.edition.pack?.version === version) return fault;
    const [why] = this.edition.packFaults;
    return new AgentError('AGENT_BUNDLE_INVALID', why === undefined ? 'it is not in force' : why.message);
  }

  #adjust(own: RuleSettings): RuleSettings {
    this.#configured = own.rule_pack;
    return this.#options.withRules({ ...own, rule_pack: own.rule_pack ?? this.#offered });
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  #take(edition: RuleEdition, faults: readonly RuleFault[]): void {
    const { set, pack, time } = edition;
    this.#options.onRules(set);
    const detail = pack === null ? 'no signed pack' : `with the signed pack ${pack.name} ${pack.version}`;
    const reloaded = factOfReloadedRules(set.rules.length, detail, time, this.#options.user);
    this.#options.onFacts([...this.#refused(faults), reloaded]);
  }

  #refused(faults: readonly RuleFault[]): readonly Fact[] {
    return faults.map(({ path, code, message }) =>
      factOfRefusedRules(path, `${message} (${code})`, Date.now(), this.#options.user),
    );
  }
}
