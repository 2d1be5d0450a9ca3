import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Document, parseDocument } from 'yaml';
import * as z from 'zod';
import { isExposed } from '../approval/index.ts';
import { PROFILES } from '../wire/index.ts';
import { AgentError } from './errors.ts';
import { type RuleSettings, ruleSettingsShape } from './rules/settings.ts';

const MAX_CONFIG_BYTES = 256 * 1024;

const absolutePath = z.string().refine(isAbsolute, 'must be an absolute path');
/** The agent's config file; docs/agent-config.md explains every key. */
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
    token_file: absolutePath,
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
  /** `off` gives up the kernel sensor for the sampler. */
  sensor: z.enum(['auto', 'off']).default('auto'),
});
export type AgentConfig = Readonly<z.infer<typeof agentConfigSchema>>;

/** Reads the agent's config file and reports all its faults at once. @throws {AgentError} */
export function loadConfig(path: string): AgentConfig {
  const file = resolve(path);
  let text: string;
  try {
    for (const at of [file, dirname(file)]) refuseExposed(at);
    if (statSync(file).size > MAX_CONFIG_BYTES) throw new Error(`over ${MAX_CONFIG_BYTES} bytes`);
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof AgentError) throw cause;
    throw new AgentError('AGENT_CONFIG_UNREADABLE', `${file} cannot be read: ${String(cause)}`, { cause });
  }
  const document = parseDocument(text, { prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) throw new AgentError('AGENT_CONFIG_INVALID', `${file}: ${fault.message}`);
  const parsed = agentConfigSchema.safeParse(plainValue(document, file));
  if (parsed.success) return parsed.data;
  throw new AgentError('AGENT_CONFIG_INVALID', `${file}:\n${z.prettifyError(parsed.error)}`);
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
): { readonly settings: RuleSettings; readonly restart: readonly string[] } {
  const config = loadConfig(path);
  const settings = ruleSettings(config);
  const plain = new Map<string, unknown>(Object.entries(config));
  const restart = Object.entries(first)
    .filter(([name]) => name === 'rule_scope' || !Object.hasOwn(settings, name))
    .filter(([name, value]) => !isDeepStrictEqual(value, plain.get(name)))
    .map(([name]) => name);
  const added = [...plain.keys()].filter((name) => !Object.hasOwn(first, name));
  return { settings, restart: [...restart, ...added] };
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch (cause) {
    throw new AgentError('AGENT_CONFIG_INVALID', `${file}: ${String(cause)}`, { cause });
  }
}

/** A file that decides what is watched must not be writable by others, nor the directory it lies in. */
function refuseExposed(path: string): void {
  if (!isExposed(path)) return;
  throw new AgentError('AGENT_CONFIG_EXPOSED', `${path} could have been written by others`, {
    hint: `chmod go-w ${path}`,
  });
}
