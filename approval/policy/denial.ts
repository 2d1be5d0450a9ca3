/** Why a policy does not allow something; docs/policy.md explains each. */
export const DENIAL_CODES = [
  'DENIED_TOOL_NOT_LISTED',
  'DENIED_TOOL_CHANGED',
  'DENIED_ARGUMENT',
  'DENIED_RATE',
  'DENIED_EXECUTABLE',
  'DENIED_SHELL',
  'DENIED_DESTINATION',
  'DENIED_WRITE',
  'DENIED_BY_CEDAR',
  'DENIED_CEDAR_FAILED',
  'DENIED_PROMPT',
  'DENIED_RESOURCE',
  'DENIED_CLIENT_FEATURE',
  'DENIED_REQUEST_TOO_LARGE',
  'DENIED_FLEET_POLICY_UNUSABLE',
] as const;
export type DenialCode = (typeof DENIAL_CODES)[number];

export type PolicyDecision =
  | { readonly decision: 'allow' }
  | {
      readonly decision: 'deny';
      readonly code: DenialCode;
      readonly reason: string;
      /** The fleet's policy denies it, so that no approval of this host can allow it. */
      readonly fleet?: true;
    };

export const ALLOW: PolicyDecision = { decision: 'allow' };

export function deny(code: DenialCode, reason: string): PolicyDecision {
  return { decision: 'deny', code, reason };
}
