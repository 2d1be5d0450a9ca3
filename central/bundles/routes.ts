import * as z from 'zod';
import { BUNDLE_KINDS, limits } from '../../wire/index.ts';
import { actorOf } from '../access/principal.ts';
import { noQuery } from '../api/queries.ts';
import { Refused } from '../api/refused.ts';
import { type Route, route } from '../api/route.ts';
import type { BundleShelf } from './bundle-shelf.ts';
import { refusing } from './refusing.ts';
import type { Rollouts } from './rollouts.ts';

/** Bytes of a bundle as a JSON string, whose quotes are escaped. */
const MAX_UPLOAD_BYTES = 2 * limits.MAX_BUNDLE_BYTES;
const MAX_GROUPS = 1_000;
const MAX_REASON_CHARS = 1_000;

const bundleAnswer = z.object({
  kind: z.enum(BUNDLE_KINDS),
  version: z.number().int(),
  sha256: z.string(),
  created: z.iso.datetime(),
  created_by: z.string(),
});
const rolloutAnswer = z.object({
  id: z.string(),
  kind: z.enum(BUNDLE_KINDS),
  version: z.number().int(),
  groups: z.array(z.string()),
  canary_percent: z.number(),
  state: z.string(),
  started: z.iso.datetime(),
  changed: z.iso.datetime(),
  reason: z.string(),
});
const rolloutParams = z.strictObject({ id: z.uuid() });

interface BundleRouteParts {
  readonly shelf: BundleShelf;
  readonly rollouts: Rollouts;
}

function shelfRoutes({ shelf }: BundleRouteParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/bundles',
      permission: 'read',
      summary: 'Bundles that central holds, without their content.',
      query: noQuery,
      answer: z.object({ bundles: z.array(bundleAnswer) }),
      handle: async () => ({ bundles: await shelf.list() }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/bundles',
      permission: 'administer',
      summary: 'Takes in a signed bundle; it is offered to nobody before a rollout of it begins.',
      query: noQuery,
      body: z.strictObject({ bundle: z.string().max(limits.MAX_BUNDLE_BYTES) }),
      maxBodyBytes: MAX_UPLOAD_BYTES,
      answer: bundleAnswer,
      refusals: { 409: 'Its signatures, its content or its version do not hold.' },
      handle: async ({ body, principal }) => await refusing(() => shelf.add(body.bundle, actorOf(principal))),
    }),
  ];
}

/** Bundles and how they reach hosts. */
export function bundleRoutes(parts: BundleRouteParts): readonly Route[] {
  const { rollouts } = parts;
  return [
    ...shelfRoutes(parts),
    route({
      method: 'GET',
      path: '/api/v1/rollouts',
      permission: 'read',
      summary: 'Rollouts, the newest first, with how many hosts took or refused what they bring.',
      query: noQuery,
      answer: z.object({
        rollouts: z.array(rolloutAnswer.extend({ hosts: z.record(z.string(), z.number().int()) })),
      }),
      handle: async () => {
        const list = await rollouts.list();
        return {
          rollouts: await Promise.all(
            list.map(async (one) => ({ ...one, hosts: await rollouts.answers(one) })),
          ),
        };
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/rollouts',
      permission: 'administer',
      summary: 'Begins to roll out a bundle, to canaries first.',
      query: noQuery,
      body: z.strictObject({
        kind: z.enum(BUNDLE_KINDS),
        version: z.number().int().positive(),
        groups: z.array(z.string().max(256)).max(MAX_GROUPS).default([]).describe('Empty for all hosts.'),
        canary_percent: z.number().int().min(0).max(100).default(10),
      }),
      answer: rolloutAnswer,
      refusals: { 404: 'There is no such bundle.', 409: 'A newer version is on its way there.' },
      handle: async ({ body: { kind, version, groups, canary_percent: canaryPercent }, principal }) =>
        await refusing(() => rollouts.start({ kind, version, groups, canaryPercent }, actorOf(principal))),
    }),
    route({
      method: 'POST',
      path: '/api/v1/rollouts/:id/stop',
      permission: 'administer',
      summary: 'Stops a rollout. Hosts that have the bundle keep it until a higher version comes.',
      query: noQuery,
      params: rolloutParams,
      body: z.strictObject({ reason: z.string().max(MAX_REASON_CHARS).default('') }),
      answer: z.object({ done: z.literal(true) }),
      refusals: { 404: 'There is no such rollout on its way.' },
      handle: async ({ params: { id }, body: { reason }, principal }) => {
        if (await rollouts.stop(id, reason, actorOf(principal))) return { done: true };
        throw new Refused(404, 'there is no such rollout on its way');
      },
    }),
  ];
}
