import type { Agent } from './agent.ts';
import type { AgentOptions } from './agent-options.ts';
import type { EnrolmentToken } from './enrolment/enrolment-token.ts';

export type { Agent } from './agent.ts';
export type { AgentOptions } from './agent-options.ts';
export {
  type AgentConfig,
  agentConfigSchema,
  loadConfig,
  rereadConfig,
  ruleSettings,
  STOPPING_FILE,
} from './config.ts';
export { configPaths, PREFERENCE_DOMAIN } from './config-sources.ts';
export { type AgentStatus, askStatus } from './control/socket.ts';
export { fullServer, type KnownServer } from './enrich/known-server.ts';
export { ENROLMENT_CODES, type EnrolmentCode } from './enrolment/enrolment-code.ts';
export { readEnrolmentToken } from './enrolment/enrolment-token.ts';
export { readEnrolmentSource } from './enrolment/token-source.ts';
export { AGENT_ERROR_CODES, AgentError, type AgentErrorCode } from './errors.ts';
export { type HostSight, HostView, type HostViewOptions } from './host-view.ts';
export type { AgentLog } from './log.ts';
export { unitDirectories } from './protection/own-files.ts';
export { compileRulePack } from './rules/compiled-pack.ts';
export { loadRules, readRuleFiles } from './rules/rule-files.ts';
export { DEFAULT_RULE_SETTINGS, type RuleSettings } from './rules/settings.ts';
export { type AgentSetting, agentSettings, managedFaults } from './settings.ts';
export { openDatabase, readDatabase } from './state/database.ts';
export { KeptWriters } from './state/kept-writers.ts';
export { type Places, readPlaces } from './state/places.ts';
export { SealedCopies } from './state/sealed-copies.ts';
export { readAlerts } from './state/spool.ts';

/** Starts the daemon. Its collectors and transport are loaded only now: most commands need neither. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  return (await import('./agent.ts')).startAgent(options);
}

/**
 * Asks a central (`wss://` URL) for the certificate of its authority, believing only the one that a token names.
 * @throws {AgentError} AGENT_CENTRAL_NOT_PINNED, and errors of the connection
 */
export async function askAuthority(url: string, token: EnrolmentToken, signal: AbortSignal): Promise<string> {
  const { CentralRequests } = await import('./enrolment/central-requests.ts');
  return new CentralRequests(url, signal).authority(token);
}
