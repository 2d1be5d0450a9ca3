import { isAbsolute } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { PROFILES } from '../wire/index.ts';
import { MANAGED_PREFERENCES, mergedSettings, readConfigSources, tellFaults } from './config-sources.ts';
import { AgentError } from './errors.ts';
import { type RuleSettings, ruleSettingsShape } from './rules/settings.ts';

const absolutePath = z
  .string()
  .refine(isAbsolute, 'must be an absolute path')
  .meta({ format: 'absolute-path' });
/** Where whoever stops the agent says why, unless the config names another; it lies in its run-time directory. */
export const STOPPING_FILE = '/run/sealwatch/stopping';
/** What may stand in the agent's config; agent/settings.ts says what each setting is for. */
export const agentConfigSchema = z.strictObject({
  /** Where keys, approvals, spool and snapshots lie. */
  state_dir: absolutePath,
  profile: z.enum(PROFILES).default('developer'),
  /** The group that this host belongs to; approvals may be for one. */
  group: z.string().min(1).max(256).nullable().default(null),
  /** The host's trust roots; where the directory exists, it alone counts. */
  trust_dir: absolutePath.default('/etc/sealwatch/trust'),
  central: z.strictObject({
    /** wss:// URL of central's listener for agents, e.g. wss://central.example:7443 */
    url: z.url({ protocol: /^wss$/ }),
    /** File that holds the enrolment token. Needed until this host is enrolled; it may come later. */
    token_file: absolutePath.default('/etc/sealwatch/enrolment-token'),
  }),
  /** Homes to look at instead of those of all users. */
  homes: z.array(absolutePath).max(10_000).optional(),
  /** Directories searched for project configs. */
  roots: z.array(absolutePath).max(1_000).default([]),
  ...ruleSettingsShape,
  /** `report` leaves alone what may not run; `end` ends it. */
  denial: z.enum(['end', 'report']).default('end'),
  /** `off` gives up knowing who writes files, and with it the sensor's CAP_DAC_READ_SEARCH. */
  file_actor: z.enum(['auto', 'off']).default('auto'),
  /** Directory in a BPF file system where servers' processes stay marked while no agent runs; null for none. */
  pin_dir: absolutePath.nullable().default('/sys/fs/bpf/sealwatch'),
  /**
   * `on` has fanotify ask before any shell of the host is executed, so that one that a policy refuses fails with EPERM
   * rather than being ended. Each start of a shell waits for the answer, some 50 microseconds.
   */
  exec_permission: z.enum(['off', 'on']).default('off'),
  /** Socket of a kernel sensor that runs as a service; where it is there, the agent starts none of its own. */
  sensor_socket: absolutePath.nullable().default('/run/sealwatch-sensor/sensor.sock'),
  /** Minutes between two checks of the whole installation against its signed manifest. */
  integrity_check_minutes: z
    .number()
    .int()
    .min(1)
    .max(24 * 60)
    .default(60),
  /** Where scripts of the package say why they stop the agent. */
  stopping_file: absolutePath.default(STOPPING_FILE),
  /** `off` gives up the kernel sensor for the sampler. */
  sensor: z.enum(['auto', 'off']).default('auto'),
});
export type AgentConfig = Readonly<z.infer<typeof agentConfigSchema>>;

/**
 * Reads the agent's config file and what lies over it: the fragments beside it, and the preferences that a device
 * management gave this host (null for none). Reports all faults at once, each under the file that it stands in.
 * @throws {AgentError}
 */
export function loadConfig(path: string, managed: string | null = MANAGED_PREFERENCES): AgentConfig {
  const sources = readConfigSources(path, managed);
  const parsed = agentConfigSchema.safeParse(mergedSettings(sources));
  if (parsed.success) return parsed.data;
  throw new AgentError('AGENT_CONFIG_INVALID', tellFaults(parsed.error.issues, sources));
}

/** The part of a config that is about rules. */
export function ruleSettings(config: AgentConfig): RuleSettings {
  const { rules, rule_scope, placeholders, rule_changes, exceptions, rule_pack } = config;
  return { rules, rule_scope, placeholders, rule_changes, exceptions, rule_pack };
}

/**
 * Reads the config of a running agent again: its settings of rules, and the names of all others that are not as
 * they were when it started; `rule_scope` is one of these. @throws {AgentError}
 */
export function rereadConfig(
  path: string,
  first: AgentConfig,
  managed: string | null = MANAGED_PREFERENCES,
): { readonly settings: RuleSettings; readonly restart: readonly string[] } {
  const config = loadConfig(path, managed);
  const settings = ruleSettings(config);
  const plain = new Map<string, unknown>(Object.entries(config));
  const restart = Object.entries(first)
    .filter(([name]) => name === 'rule_scope' || !Object.hasOwn(settings, name))
    .filter(([name, value]) => !isDeepStrictEqual(value, plain.get(name)))
    .map(([name]) => name);
  const added = [...plain.keys()].filter((name) => !Object.hasOwn(first, name));
  return { settings, restart: [...restart, ...added] };
}
