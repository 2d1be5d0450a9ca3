import type { Kysely } from 'kysely';
import * as z from 'zod';
import { MAX_POLICY_CHARS, type Policy, readPolicy, type Trust } from '../../approval/index.ts';
import { limits, PROFILES } from '../../wire/index.ts';
import { actorOf } from '../access/principal.ts';
import { noQuery } from '../api/queries.ts';
import { Refused } from '../api/refused.ts';
import { type Route, route } from '../api/route.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { BundleShelf } from '../bundles/bundle-shelf.ts';
import { refusing } from '../bundles/refusing.ts';
import type { Schema } from '../store/schema.ts';
import { closureDiff } from './closure-diff.ts';
import type { Decisions } from './decisions.ts';
import { fleetApprovals } from './fleet-approvals.ts';
import type { ApprovalQueue, AskDetail } from './queue.ts';

const MAX_NAME_CHARS = 256;
const MAX_SCOPES = 256;
const MAX_DECISION_CHARS = 4_096;

const askAnswer = z.object({
  id: z.string(),
  client: z.string(),
  name: z.string(),
  digest: z.string(),
  servers: z.number().int(),
  first_seen: z.string(),
  rejected: z.object({ by: z.string(), reason: z.string() }).nullable(),
});
const toSign = z.object({ payloadType: z.string(), payload: z.string().describe('Base64.') });
const decisionAnswer = z.object({
  id: z.string(),
  ask: z.string(),
  state: z.enum(['signing', 'sealing', 'done']),
  statement: toSign,
  signers: z.array(z.string()),
  needed: z.number().int(),
  bundle: toSign.nullable(),
  rollout: z.string().nullable(),
});
const askParams = z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/) });
const decisionParams = z.strictObject({ id: z.uuid() });
const names = z.array(z.string().min(1).max(MAX_NAME_CHARS)).min(1).max(MAX_SCOPES);
const wishBody = z.strictObject({
  owner: z.string().min(1).max(MAX_NAME_CHARS),
  reason: z.string().max(MAX_DECISION_CHARS).default(''),
  expires: z.iso.datetime().nullable().default(null),
  groups: names.nullable().default(null).describe('Host groups; null for the whole fleet.'),
  profiles: z.array(z.enum(PROFILES)).min(1).nullable().default(null),
  accepted: z.array(z.string().max(128)).max(MAX_SCOPES).default([]).describe('Ids of findings.'),
  policy: z.string().max(MAX_POLICY_CHARS).nullable().default(null).describe('A policy file, as text.'),
  canary_percent: z.number().int().min(0).max(100).default(0),
});

interface ApprovalRouteParts {
  readonly db: Kysely<Schema>;
  readonly audit: AuditLog;
  readonly queue: ApprovalQueue;
  readonly decisions: Decisions;
  readonly shelf: BundleShelf;
  readonly trust: () => Trust;
}

async function policyOf(text: string | null): Promise<Policy | null> {
  if (text === null) return null;
  const read = await readPolicy(text);
  if (read.kind === 'policy') return read.policy;
  const lines = read.faults.map(({ line, column, message }) => `policy:${line}:${column}: ${message}`);
  throw new Refused(400, `${lines.join('; ')} (docs/policy.md describes the format)`, { code: 'bad-policy' });
}

async function askOf(queue: ApprovalQueue, id: string): Promise<AskDetail> {
  const ask = await queue.find(id);
  if (ask === null) throw new Refused(404, 'no host asks for this');
  return ask;
}

function queueRoutes({ db, audit, queue, shelf, trust }: ApprovalRouteParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/approvals/queue',
      permission: 'read',
      summary: 'What hosts ask to run, each server and closure once, the most asked for first.',
      query: noQuery,
      answer: z.object({ asks: z.array(askAnswer) }),
      handle: async () => ({ asks: await queue.list() }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/approvals/queue/:id',
      permission: 'read',
      summary: 'Who asks, with the findings, and what differs from what is approved.',
      query: noQuery,
      params: askParams,
      answer: z.looseObject({ ...askAnswer.shape, diff: z.looseObject({}) }),
      refusals: { 404: 'No host asks for this.' },
      handle: async ({ params: { id } }) => {
        const ask = await askOf(queue, id);
        const known = await refusing(() => fleetApprovals(shelf, trust())).catch(() => []);
        const diff = await closureDiff(
          db,
          queue,
          ask,
          known.map(({ statement }) => statement),
        );
        return { ...ask, diff };
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/approvals/queue/:id/reject',
      permission: 'approve',
      summary: 'Turns an ask down. On the hosts it stays what it is: not approved.',
      query: noQuery,
      params: askParams,
      body: z.strictObject({ reason: z.string().min(1).max(MAX_DECISION_CHARS) }),
      answer: z.object({ done: z.literal(true) }),
      refusals: { 404: 'No host asks for this.' },
      handle: async ({ params: { id }, body: { reason }, principal }) => {
        const { client, name, digest } = await askOf(queue, id);
        const actor = actorOf(principal);
        const detail = { client, name, digest, reason };
        return await audit.within<{ done: true }>(async (transaction) => {
          await queue.reject(id, reason, { actor, db: transaction });
          const deed = { actor, action: 'approval.reject', subject: id, detail };
          return { answer: { done: true }, deed };
        });
      },
    }),
  ];
}

/** What hosts ask to run, and what is decided about it. */
export function approvalRoutes(parts: ApprovalRouteParts): readonly Route[] {
  const { queue, decisions } = parts;
  return [
    ...queueRoutes(parts),
    route({
      method: 'POST',
      path: '/api/v1/approvals/queue/:id/approve',
      permission: 'approve',
      summary: 'Begins to approve: answers the statement that is to be signed.',
      query: noQuery,
      params: askParams,
      body: wishBody,
      maxBodyBytes: 2 * MAX_POLICY_CHARS,
      answer: decisionAnswer,
      refusals: { 404: 'No host asks for this.', 409: 'It cannot be approved as it is.' },
      handle: async ({ params: { id }, body: { canary_percent: canaryPercent, ...wish }, principal }) => {
        const ask = await askOf(queue, id);
        const policy = await policyOf(wish.policy);
        return await refusing(() =>
          decisions.approve(ask, { ...wish, policy, canaryPercent }, actorOf(principal)),
        );
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/approvals/decisions/:id',
      permission: 'read',
      summary: 'A decision on its way, with what is to be signed next.',
      query: noQuery,
      params: decisionParams,
      answer: decisionAnswer,
      refusals: { 404: 'There is no such decision.' },
      handle: async ({ params: { id } }) => {
        const decision = await refusing(() => decisions.find(id));
        if (decision === null) throw new Refused(404, 'there is no such decision');
        return decision;
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/approvals/decisions/:id/signatures',
      permission: 'approve',
      summary:
        'Takes a signed statement; and, once it has its signatures, the signed bundle, which is then rolled out.',
      query: noQuery,
      params: decisionParams,
      body: z.strictObject({ envelope: z.unknown() }),
      maxBodyBytes: limits.MAX_BUNDLE_BYTES,
      answer: decisionAnswer,
      refusals: { 404: 'There is no such decision.', 409: 'The signature does not hold.' },
      handle: async ({ params: { id }, body: { envelope }, principal }) =>
        await refusing(() => decisions.sign(id, envelope, actorOf(principal))),
    }),
  ];
}
