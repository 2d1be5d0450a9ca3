import { Authoriser, type PolicySubject } from '../../../approval/policy/authoriser.ts';
import type { PolicyDecision } from '../../../approval/policy/denial.ts';
import { type Policy, policySchema } from '../../../approval/policy/policy.ts';

export const HOME = '/home/alice';
export const PROJECT = '/home/alice/work/site';

export const SUBJECT: PolicySubject = {
  server: { client: 'cursor', scope: 'user', config: '~/.cursor/mcp.json', name: 'files' },
  closure: 'c'.repeat(64),
  owner: 'alice',
  user: 'alice',
  profile: 'developer',
  hostGroup: null,
  anchors: { home: [HOME, '/data/home/alice'], project: [PROJECT] },
};

export const OPEN: Policy = {
  tools: null,
  executables: null,
  shells: false,
  destinations: null,
  writable_paths: null,
};

/** An authoriser for a policy that names only what it limits. */
export function authoriser(more: Partial<Policy>): Promise<Authoriser> {
  return Authoriser.open(policySchema.parse({ ...OPEN, ...more }), SUBJECT);
}

export const AT = { now: new Date('2026-08-01T10:00:00.000Z'), monotonic: 0 };

export function outcome(decision: PolicyDecision): string {
  return decision.decision === 'allow' ? 'allow' : decision.code;
}
