import assert from 'node:assert/strict';
import { type Envelope, signEnvelope } from '../../../approval/index.ts';
import type { KeyFile } from '../../../approval/keys/key-files.ts';
import type { Central } from '../../../central/index.ts';
import { call } from '../api/callers.ts';
import { until } from '../bench.ts';
import { configBundle } from '../bundles/signers.ts';
import { AGENT } from '../samples.ts';

/** What there is at a central that somebody could get at, by its id. */
export interface Things {
  /** An API token. */
  readonly token: string;
  /** A server that waits for an approval. */
  readonly ask: string;
  /** An approval that waits for its signature. */
  readonly decision: string;
  /** Which one that is. */
  readonly statement: Pick<Envelope, 'payload' | 'payloadType'>;
  /** A rollout on its way. */
  readonly rollout: string;
}

/** Puts something into every part of a central whose agent has told of a server. */
export async function thingsIn(
  central: Central,
  admin: string,
  { key, token }: { readonly key: KeyFile; readonly token: string },
): Promise<Things> {
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await call(central, method, `/api/v1${path}`, { token: admin, body });
    assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await ask('POST', '/bundles', { bundle: await configBundle(key, 1) });
  const rollout = await ask('POST', '/rollouts', { kind: 'config', version: 1, canary_percent: 0 });
  let asks: readonly { readonly id: string }[] = [];
  await until(async () => {
    asks = (await ask('GET', '/approvals/queue')).asks;
    return asks.length > 0;
  });
  const id = asks[0]?.id ?? '';
  const begun = await ask('POST', `/approvals/queue/${id}/approve`, {
    owner: 'test',
    profiles: ['developer'],
  });
  return { token, ask: id, decision: begun.id, statement: begun.statement, rollout: rollout.id };
}

/** A body for every route that takes one: each would do what the route is for, where its sender may. */
export async function bodiesFor(
  { statement: { payload, payloadType } }: Things,
  key: KeyFile,
): Promise<Readonly<Record<string, unknown>>> {
  const envelope = await signEnvelope(Buffer.from(payload, 'base64'), key.signer, payloadType);
  return {
    'PATCH /api/v1/alerts/:id': { status: 'closed', resolution: 'benign', changed: null },
    'POST /api/v1/alerts/:id/notes': { text: 'note' },
    'POST /api/v1/alerts/bulk': { ids: [`${AGENT}-1`], assignee: 'eve' },
    'POST /api/v1/tokens': { name: 'eve', role: 'admin' },
    'POST /api/v1/enrolment-tokens': { count: 1_000 },
    'POST /api/v1/feeds/:name/dead-letters/replay': { positions: null },
    'POST /api/v1/feeds/:name/dead-letters/discard': { positions: null },
    'POST /api/v1/bundles': { bundle: await configBundle(key, 2) },
    'POST /api/v1/rollouts': { kind: 'config', version: 1, canary_percent: 0 },
    'POST /api/v1/rollouts/:id/stop': { reason: 'eve' },
    'POST /api/v1/approvals/queue/:id/reject': { reason: 'eve' },
    'POST /api/v1/approvals/queue/:id/approve': { owner: 'eve' },
    'POST /api/v1/approvals/decisions/:id/signatures': { envelope },
  };
}
