import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundleDownload } from '../../../agent/bundles/bundle-download.ts';
import { bundleSettings } from '../../../central/index.ts';
import { call, closedCentral, tokenFor } from '../api/callers.ts';
import { connect, issueCredentials, until, workDirectory } from '../bench.ts';
import { AGENT } from '../samples.ts';
import { approverKey, configBundle } from './signers.ts';

const WAIT = new AbortController().signal;

test('a bundle goes from an administrator to an agent, which alone may fetch it', async (context) => {
  const trust = workDirectory(context);
  const key = approverKey(trust);
  const bundles = bundleSettings.parse({ trust_dir: join(trust, 'trust'), look_ms: 50 });
  const { central, directory } = await closedCentral(context, { bundles });
  const admin = await tokenFor(directory, 'admin');
  const approver = await tokenFor(directory, 'approver');
  const bundle = await configBundle(key, 1);
  const add = (token: string, text: string) =>
    call(central, 'POST', '/api/v1/bundles', { token, body: { bundle: text } });
  assert.equal((await add(approver, bundle)).status, 403);
  const refused = await add(admin, bundle.replace('"signatures":[', '"signatures":[],"x":['));
  assert.equal(refused.status, 409);
  assert.equal((await add(admin, bundle)).status, 200);

  const { link } = await connect(context, central);
  const wish = { kind: 'config', version: 1, canary_percent: 0 };
  const begun = await call(central, 'POST', '/api/v1/rollouts', { token: admin, body: wish });
  assert.equal(begun.status, 200);
  const offer = await link.next();
  assert.ok(offer?.type === 'bundle');
  const credentials = (await issueCredentials(join(directory, 'authority'), [AGENT])).get(AGENT);
  assert.ok(credentials);
  const fetched = await bundleDownload(central.agentUrl, () => credentials)(offer.sha256, offer.bytes, WAIT);
  assert.equal(fetched.toString(), bundle);

  const stranger = { ...credentials, cert: '', key: '' };
  const unknown = bundleDownload(central.agentUrl, () => stranger);
  await assert.rejects(unknown(offer.sha256, offer.bytes, WAIT), { code: 'AGENT_BUNDLE_UNREACHABLE' });
  const greedy = bundleDownload(central.agentUrl, () => credentials);
  await assert.rejects(greedy(offer.sha256, offer.bytes - 1, WAIT), { code: 'AGENT_BUNDLE_MISMATCH' });
  await assert.rejects(greedy('ab'.repeat(32), 10, WAIT), { code: 'AGENT_BUNDLE_UNREACHABLE' });

  link.send({ type: 'bundle_state', kind: 'config', version: 1, state: 'applied', code: null, message: '' });
  const rollout = async () => {
    const { body } = await call(central, 'GET', '/api/v1/rollouts', { token: approver });
    return body.rollouts[0];
  };
  await until(async () => (await rollout()).state === 'done');
  assert.deepEqual((await rollout()).hosts, { applied: 1, refused: 0 });
});
