import { FileWatcher } from '../../collectors/index.ts';
import type { RuleSet } from '../../rules/engine/index.ts';
import type { AgentOptions } from '../agent-options.ts';
import { factOfRefusedRules, factOfReloadedRules } from '../enrich/agent-facts.ts';
import type { Fact } from '../fact.ts';
import type { Meta } from '../state/database.ts';
import { PackShelf } from './pack-shelf.ts';
import { RuleWatch } from './rule-watch.ts';
import { RuleBook, type RuleEdition, type RuleFault } from './rulebook.ts';

export interface LiveRulesOptions extends Pick<AgentOptions, 'stateDir' | 'systemTrust' | 'profile' | 'log'> {
  readonly rules: AgentOptions['rules'];
  readonly meta: Pick<Meta, 'get' | 'set'>;
  /** Name of the user that the agent runs as. */
  readonly user: string;
  /** Other rules count from now on. */
  readonly onRules: (set: RuleSet) => void;
  readonly onFacts: (facts: readonly Fact[]) => void;
}

/** The rules that an agent watches by, for as long as it runs; tells as facts what becomes of them. */
export class LiveRules {
  readonly #options: LiveRulesOptions;
  readonly #watch: RuleWatch;

  /** @throws {AgentError} where there would be no rule, or files cannot be read */
  constructor(options: LiveRulesOptions) {
    this.#options = options;
    const { rules, log } = options;
    const { builtin, settings, config } = rules;
    this.#watch = new RuleWatch({
      book: new RuleBook({ builtin, shelf: new PackShelf(options) }),
      settings,
      config,
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

  reload(): void {
    this.#watch.reload();
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
