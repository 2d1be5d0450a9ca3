import { CodedError } from '../wire/index.ts';

export const AGENT_ERROR_CODES = [
  'AGENT_CONFIG_UNREADABLE',
  'AGENT_CONFIG_EXPOSED',
  'AGENT_CONFIG_INVALID',
  'AGENT_STATE_UNUSABLE',
  'AGENT_STATE_TOO_NEW',
  'AGENT_ALREADY_RUNNING',
  'AGENT_NOT_RUNNING',
  'AGENT_CENTRAL_NOT_PINNED',
  'AGENT_RULES_UNREADABLE',
  'AGENT_RULES_NONE',
  'AGENT_RULE_PACK_UNREADABLE',
  'AGENT_RULE_PACK_ROLLED_BACK',
  'AGENT_RULE_PACK_BROKEN',
] as const;
export type AgentErrorCode = (typeof AGENT_ERROR_CODES)[number];

/** Why the agent cannot start, or cannot be asked. */
export class AgentError extends CodedError<AgentErrorCode> {}
