import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../../../agent/errors.ts';
import {
  bundlePath,
  composeBundle,
  composeConfigBundle,
  composePolicyBundle,
  composeRulePack,
  policyBundlePath,
  signEnvelope,
} from '../../../approval/index.ts';
import { canonicalJson } from '../../../inventory/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { rule, settings, signedPack, trustedKey } from '../rules/samples.ts';
import { Host, NOW } from './host.ts';

/** Agents that are killed. */
const KILLS = 8;

test('a rule pack of central is in force at once, and after a restart without central', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  assert.equal(
    await host.offer('rules', 4, await signedPack(key, 4, { 'a.yml': rule('sent', 'x') })),
    'applied',
  );
  assert.deepEqual([host.rules, host.inForce], [['own', 'sent'], 'rules 4']);
  await host.restart();
  assert.deepEqual([host.rules, host.inForce], [['own', 'sent'], 'rules 4']);
});

test('a refused bundle leaves the one before in force, and is told as a fact', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  await host.offer('rules', 4, await signedPack(key, 4, { 'a.yml': rule('sent', 'x') }));
  const broken = await signedPack(key, 5, { 'a.yml': 'title: broken\n' });
  assert.equal(await host.offer('rules', 5, broken), 'AGENT_BUNDLE_INVALID');
  assert.deepEqual([host.rules, host.inForce], [['own', 'sent'], 'rules 4']);
  assert.equal(host.facts[0]?.fields['agent.event'], 'bundle_refused');
  await host.restart();
  assert.deepEqual(host.rules, ['own', 'sent']);
  const mended = await signedPack(key, 5, { 'a.yml': rule('mended', 'x') });
  assert.equal(await host.offer('rules', 5, mended), 'applied', 'a refused version may come again, mended');
});

test('no kind goes back: an older version, or another content of the same', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  const pack = (version: number, name: string) => signedPack(key, version, { 'a.yml': rule(name, 'x') });
  const config = async (version: number, word: string) =>
    JSON.stringify(
      await composeConfigBundle({ placeholders: { word: [word] } }, { version, issued: NOW }, key.signer),
    );
  const approvals = async (version: number, issued: Date) =>
    JSON.stringify(await composeBundle([], version, issued, key.signer));
  const policy = async (version: number, words: string) =>
    JSON.stringify(await composePolicyBundle(words, { version, issued: NOW }, key.signer));
  const later = new Date(NOW.getTime() + 1_000);
  const kinds = [
    ['rules', await pack(7, 'new'), await pack(6, 'old'), await pack(7, 'other')],
    ['config', await config(7, 'new'), await config(6, 'old'), await config(7, 'other')],
    ['policy', await policy(7, 'shells: true'), await policy(6, '{}'), await policy(7, '{}')],
    ['approvals', await approvals(7, NOW), await approvals(6, NOW), await approvals(7, later)],
  ] as const;
  for (const [kind, newer, older, other] of kinds) {
    assert.equal(await host.offer(kind, 7, newer), 'applied', kind);
    assert.equal(await host.offer(kind, 6, older), 'AGENT_BUNDLE_ROLLED_BACK', kind);
    assert.equal(await host.offer(kind, 7, other), 'AGENT_BUNDLE_ROLLED_BACK', kind);
    await host.restart();
    assert.equal(await host.offer(kind, 6, older), 'AGENT_BUNDLE_ROLLED_BACK', `${kind} after a restart`);
    const fetched = host.fetches;
    assert.equal(await host.offer(kind, 7, newer), 'applied', `${kind}: the same once more`);
    assert.equal(host.fetches, fetched, 'what is in force is not fetched again');
  }
  assert.equal(host.inForce, 'rules 7, approvals 7, policy 7, config 7');
});

test('what is not signed by a trust root of this host is refused', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  using elsewhere = new TempDirectory();
  const foreign = trustedKey(elsewhere.path);
  const good = JSON.parse(await signedPack(key, 2, { 'a.yml': rule('sent', 'x') }));
  const forged = await signedPack(foreign, 2, { 'a.yml': rule('forged', 'x') });
  const unsigned = JSON.stringify({ ...good, signatures: [] });
  const otherType = JSON.stringify({ ...good, payloadType: 'application/vnd.sealwatch.config+json' });
  const changed = JSON.stringify({ ...good, payload: JSON.parse(forged).payload });
  assert.equal(await host.offer('rules', 2, forged), 'APPROVAL_SIGNER_UNTRUSTED');
  assert.equal(await host.offer('rules', 2, unsigned), 'APPROVAL_SIGNATURE_MISSING');
  assert.equal(await host.offer('rules', 2, otherType), 'APPROVAL_PAYLOAD_TYPE_WRONG');
  assert.equal(await host.offer('config', 2, otherType), 'APPROVAL_SIGNATURE_INVALID');
  assert.equal(await host.offer('rules', 2, changed), 'APPROVAL_SIGNATURE_INVALID');
  assert.equal(await host.offer('policy', 2, forged), 'APPROVAL_PAYLOAD_TYPE_WRONG');
  assert.deepEqual([host.rules, host.inForce], [['own'], '']);
});

test('another group, an end that has passed, and what was not announced are refused', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  const config = async (more: { group?: string; expires?: string }) =>
    JSON.stringify(await composeConfigBundle({}, { version: 3, issued: NOW, ...more }, key.signer));
  assert.equal(await host.offer('config', 3, await config({ group: 'desk' })), 'AGENT_BUNDLE_OTHER_GROUP');
  assert.equal(
    await host.offer('config', 3, await config({ expires: NOW.toISOString() })),
    'AGENT_BUNDLE_EXPIRED',
  );
  const fine = await config({ group: 'build', expires: new Date(NOW.getTime() + 1).toISOString() });
  assert.equal(await host.offer('config', 3, fine, { sha256: 'ab'.repeat(32) }), 'AGENT_BUNDLE_MISMATCH');
  assert.equal(await host.offer('config', 3, fine, { bytes: fine.length - 1 }), 'AGENT_BUNDLE_MISMATCH');
  assert.equal(await host.offer('config', 3, fine, { bytes: fine.length + 1 }), 'AGENT_BUNDLE_MISMATCH');
  assert.equal(await host.offer('config', 4, fine), 'AGENT_BUNDLE_MISMATCH', 'it says another version');
  assert.equal(host.inForce, '');
  assert.equal(await host.offer('config', 3, fine), 'applied', 'the near miss of all of these');
});

test('a config of central tightens, and has no words to loosen', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  const about = { version: 1, issued: NOW };
  for (const loose of [
    { profile: 'developer' },
    { denial: 'report' },
    { state_dir: '/tmp' },
    { rule_scope: 'host' },
  ])
    await assert.rejects(composeConfigBundle(loose, about, key.signer), { code: 'APPROVAL_CONFIG_INVALID' });
  const tight = await composeConfigBundle({ profile: 'production', denial: 'end' }, about, key.signer);
  assert.equal(await host.offer('config', 1, JSON.stringify(tight)), 'applied');
  const tightened = { profile: 'production', denial: 'end' };
  assert.deepEqual([{ ...host.stance }, host.published], [tightened, ['production']], 'at once');
  assert.equal(host.looks, 1, 'the servers are judged by it');
  assert.match(host.answers.at(-1)?.message ?? '', /guards that run already keep their profile/);
  await host.restart();
  assert.deepEqual({ ...host.stance }, tightened);
  const next = await composeConfigBundle({ denial: 'end' }, { version: 2, issued: NOW }, key.signer);
  assert.equal(await host.offer('config', 2, JSON.stringify(next)), 'applied');
  assert.deepEqual({ ...host.stance }, { profile: 'developer', denial: 'end' }, "the host's own again");
  const same = await composeConfigBundle({ denial: 'end' }, { version: 3, issued: NOW }, key.signer);
  assert.equal(await host.offer('config', 3, JSON.stringify(same)), 'applied');
  assert.deepEqual(host.published, ['production', 'developer'], 'nothing to tell where nothing is other');
  host.onPublish = () => {
    throw new AgentError('AGENT_STATE_UNUSABLE', 'the disk is full');
  };
  const last = await composeConfigBundle({ profile: 'production' }, { version: 4, issued: NOW }, key.signer);
  assert.equal(await host.offer('config', 4, JSON.stringify(last)), 'AGENT_STATE_UNUSABLE');
  assert.deepEqual({ ...host.stance }, { profile: 'developer', denial: 'end' }, 'what was before');
});

test('a config of central that this host cannot follow is refused as a whole', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  const first = await composeConfigBundle(
    { placeholders: { word: ['x'] } },
    { version: 1, issued: NOW },
    key.signer,
  );
  assert.equal(await host.offer('config', 1, JSON.stringify(first)), 'applied');
  const bad = await composeConfigBundle(
    { profile: 'production', rule_changes: [{ rule: 'own' }] },
    { version: 2, issued: NOW },
    key.signer,
  );
  assert.equal(await host.offer('config', 2, JSON.stringify(bad)), 'AGENT_BUNDLE_INVALID');
  assert.deepEqual([host.rules, host.inForce], [['own'], 'config 1']);
  assert.deepEqual(
    { ...host.stance },
    { profile: 'developer', denial: 'report' },
    'nor does its stance count',
  );
  assert.deepEqual(host.remote.withRules(settings()).placeholders, { word: ['x'] });
});

test('a production host asks for as many signatures of a pack as its trust roots say', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  const second = trustedKey(host.stateDir, 'second');
  host.directory.write('state/trust/policy.json', { threshold: { developer: 2, production: 2 } });
  const files = [{ path: 'a.yml', text: rule('sent', 'x') }];
  const about = { name: 'pack', version: 1, created: NOW };
  const one = await composeRulePack(files, about, key.signer);
  assert.equal(await host.offer('rules', 1, JSON.stringify(one)), 'APPROVAL_SIGNATURES_TOO_FEW');
  const other = await composeRulePack(files, about, second.signer);
  const both = { ...one, signatures: [...one.signatures, ...other.signatures] };
  assert.equal(await host.offer('rules', 1, JSON.stringify(both)), 'applied');
});

test('approvals of central are judged by at once; a damaged copy of them refuses rather than allows', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  const text = JSON.stringify(await composeBundle([], 2, NOW, key.signer));
  assert.equal(await host.offer('approvals', 2, text), 'applied');
  assert.equal(host.looks, 1);
  writeFileSync(bundlePath(host.stateDir), text.slice(0, -10));
  await host.restart();
  assert.equal(host.inForce, 'approvals 2', 'the mark stays');
});

test('a policy of central is in force at once; one that does not hold is refused with its places', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  const about = { version: 2, issued: NOW };
  const good = JSON.stringify(await composePolicyBundle('destinations: [a.example:443]', about, key.signer));
  assert.equal(await host.offer('policy', 2, good), 'applied');
  assert.equal(host.looks, 1, 'the servers are judged anew');
  const bad = await signEnvelope(
    Buffer.from(
      canonicalJson({ version: 3, issued: NOW.toISOString(), policy: 'shells: true\ncolour: red\n' }),
    ),
    key.signer,
    'application/vnd.sealwatch.policy+json',
  );
  assert.equal(await host.offer('policy', 3, JSON.stringify(bad)), 'APPROVAL_POLICY_INVALID');
  assert.match(host.answers.at(-1)?.message ?? '', /policy:2:9: .*colour/);
  assert.equal(readFileSync(policyBundlePath(host.stateDir), 'utf8'), good, 'what was before stays');
  assert.equal(host.inForce, 'policy 2');
});

test('an agent that stops while a download runs says nothing, and has what it had', async () => {
  await using host = new Host();
  const key = trustedKey(host.stateDir);
  await host.offer('rules', 1, await signedPack(key, 1, { 'a.yml': rule('first', 'x') }));
  host.fetch = (_sha256, _bytes, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  await host.interrupt('rules', 2);
  assert.deepEqual([host.answers.length, host.facts.length], [1, 0]);
  await host.restart();
  assert.deepEqual([host.rules, host.inForce], [['first', 'own'], 'rules 1']);
});

test('an agent killed at any moment of installing has an old bundle or a new one, never none', async () => {
  using directory = new TempDirectory();
  trustedKey(directory.at('state'));
  const program = new URL('./programs/take-bundles.ts', import.meta.url).pathname;
  let taken = 0;
  for (let round = 0; round < KILLS; round += 1) {
    const child = spawn(process.execPath, [...process.execArgv, program, directory.path, `${taken + 1}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (data) => {
      said += String(data);
    });
    while (!said.includes('\n')) await once(child.stdout, 'data');
    await sleep(Math.random() * 60);
    child.kill('SIGKILL');
    await once(child, 'close');
    const told = Number(said.trimEnd().split('\n').at(-1));
    await using host = new Host(directory);
    const versions = host.inForce.split(', ').map((one) => Number(one.split(' ')[1]));
    const [rules = 0] = versions;
    assert.equal(versions.length, 4, host.inForce);
    for (const version of versions) assert.ok(version >= told, `${host.inForce} after ${told} was told`);
    assert.deepEqual(host.rules, ['own', `v${rules}`], 'whole, and of its version');
    taken = Math.max(...versions);
  }
});
