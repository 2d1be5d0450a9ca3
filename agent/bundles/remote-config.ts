import * as z from 'zod';
import { loadTrust, openConfigBundle, type RemoteConfig } from '../../approval/index.ts';
import { CodedError } from '../../wire/index.ts';
import type { AgentOptions } from '../agent-options.ts';
import { AgentError } from '../errors.ts';
import type { AgentLog } from '../log.ts';
import { type RuleSettings, ruleSettingsShape } from '../rules/settings.ts';
import type { Stance } from '../stance.ts';
import type { Meta } from '../state/database.ts';
import { BundleMarks } from './bundle-marks.ts';

const KEPT = 'bundle_text:config';

const { placeholders, rule_changes, exceptions } = ruleSettingsShape;
/** What a config of central says of rules, checked as the agent's own config is. */
const remoteRulesSchema = z.object({ placeholders, rule_changes, exceptions });
type RemoteRules = Readonly<z.infer<typeof remoteRulesSchema>>;

const NOTHING: RemoteRules = remoteRulesSchema.parse({});

export interface RemoteConfigOptions extends Pick<AgentOptions, 'stateDir' | 'systemTrust' | 'profile'> {
  readonly meta: Pick<Meta, 'get' | 'set'>;
  readonly log: AgentLog;
}

/**
 * What central's last config bundle says. Its text lies in the state database, where one write puts it into force;
 * it is believed no more than when it was fetched.
 */
export class RemoteSettings {
  readonly #options: RemoteConfigOptions;
  #config: RemoteConfig = {};
  #rules: RemoteRules = NOTHING;
  #version: number | null = null;

  /** Takes what was in force last; what no longer holds is left out, and logged. */
  constructor(options: RemoteConfigOptions) {
    this.#options = options;
    const text = options.meta.get(KEPT);
    if (text === null) return;
    try {
      this.#use(text);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const { code, message } = error;
      options.log.error('the config of central no longer holds; that of this host counts', { code, message });
    }
  }

  /** Null where none is in force. */
  get version(): number | null {
    return this.#version;
  }

  /** The host's own stance as central tightened it, at each moment. */
  over(own: Stance): Stance {
    const config = () => this.#config;
    return {
      get profile() {
        return config().profile ?? own.profile;
      },
      get denial() {
        return config().denial ?? own.denial;
      },
    };
  }

  /** Settings of rules with those of central. Of one placeholder, the host's own words count: it knows its places. */
  withRules(own: RuleSettings): RuleSettings {
    const { placeholders: words, rule_changes: changes, exceptions: overlooked } = this.#rules;
    return {
      ...own,
      placeholders: { ...words, ...own.placeholders },
      rule_changes: [...changes, ...own.rule_changes],
      exceptions: [...overlooked, ...own.exceptions],
    };
  }

  /**
   * Has a bundle count while `attempt` says whether what it means can be in force, and keeps it where it can.
   * @throws {AgentError} AGENT_BUNDLE_INVALID, {ApprovalError}, and what `attempt` throws: what was before counts again
   */
  take(text: string, attempt: () => void): void {
    const before = { config: this.#config, rules: this.#rules, version: this.#version };
    try {
      this.#use(text);
      attempt();
      this.#options.meta.set(KEPT, text);
    } catch (error) {
      this.#config = before.config;
      this.#rules = before.rules;
      this.#version = before.version;
      throw error;
    }
  }

  #use(text: string): void {
    const { stateDir, systemTrust: systemDirectory, profile, meta } = this.#options;
    const trust = loadTrust({ stateDir, systemDirectory, profile });
    const bundle = openConfigBundle(text, trust, trust.threshold[profile]);
    new BundleMarks(meta).refuseOlder('config', bundle);
    const { placeholders: words, rule_changes: changes, exceptions: overlooked } = bundle.config;
    const parsed = remoteRulesSchema.safeParse({
      placeholders: words,
      rule_changes: changes,
      exceptions: overlooked,
    });
    if (!parsed.success) throw new AgentError('AGENT_BUNDLE_INVALID', z.prettifyError(parsed.error));
    this.#config = bundle.config;
    this.#rules = parsed.data;
    this.#version = bundle.version;
  }
}
