import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { AgentBundles } from '../../../agent/bundles/agent-bundles.ts';
import type { FetchBundle } from '../../../agent/bundles/bundle-download.ts';
import { RemoteSettings } from '../../../agent/bundles/remote-config.ts';
import type { Fact } from '../../../agent/fact.ts';
import { LiveRules } from '../../../agent/rules/live-rules.ts';
import { Meta, openDatabase } from '../../../agent/state/database.ts';
import { bundlePath, composeBundle, composeConfigBundle, composeRulePack } from '../../../approval/index.ts';
import type { AgentFrame, BundleKind } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { rule, SpokenLog, settings, signedPack, trustedKey } from '../rules/samples.ts';

type StateFrame = Extract<AgentFrame, { type: 'bundle_state' }>;
const NOW = new Date('2026-11-28T12:00:00Z');

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A host that takes bundles, with its state in a directory, and the central that it fetches them from. */
class Host implements AsyncDisposable {
  readonly directory = new TempDirectory();
  readonly stateDir = this.directory.at('state');
  readonly answers: StateFrame[] = [];
  readonly facts: Fact[] = [];
  readonly texts = new Map<string, string>();
  looks = 0;
  fetches = 0;
  fetch: FetchBundle = async (digest) => {
    this.fetches += 1;
    return Buffer.from(this.texts.get(digest) ?? '');
  };
  #database = openDatabase(this.stateDir);
  #bundles!: AgentBundles;
  #rules!: LiveRules;
  remote!: RemoteSettings;

  constructor() {
    this.directory.write('builtin/own.yml', rule('own', 'own'));
    this.open();
  }

  /** As an agent that starts. */
  open(): void {
    const meta = new Meta(this.#database);
    const place = {
      stateDir: this.stateDir,
      systemTrust: null,
      profile: 'developer',
      group: 'build',
      log: new SpokenLog(),
      user: 'root',
    } as const;
    this.remote = new RemoteSettings({ ...place, meta });
    this.#rules = new LiveRules({
      ...place,
      meta,
      rules: { builtin: [this.directory.at('builtin')], settings: settings(), config: null },
      onRules: () => undefined,
      onFacts: () => undefined,
      withRules: (own) => this.remote.withRules(own),
    });
    this.#bundles = new AgentBundles({
      ...place,
      meta,
      remote: this.remote,
      rules: this.#rules,
      fetch: (...asked) => this.fetch(...asked),
      lookAgain: async () => {
        this.looks += 1;
      },
      tell: (frame) => this.answers.push(frame),
      onFacts: (facts) => this.facts.push(...facts),
      now: () => NOW.getTime(),
    });
  }

  /** As one whose process was killed, and starts anew. */
  async restart(): Promise<void> {
    await this.#rules.stop();
    this.#database.close();
    this.#database = openDatabase(this.stateDir);
    this.open();
  }

  get rules(): readonly string[] {
    return this.#rules.edition.set.rules.map(({ name }) => name).sort();
  }

  get inForce(): string {
    return this.#bundles.inForce.map(({ kind, version }) => `${kind} ${version}`).join(', ');
  }

  /** Offers a text as central does; what is announced can be another digest or size. */
  async offer(
    kind: BundleKind,
    version: number,
    text: string,
    announced: { sha256?: string; bytes?: number } = {},
  ) {
    const digest = announced.sha256 ?? sha256(text);
    this.texts.set(digest, text);
    const before = this.answers.length;
    const bytes = announced.bytes ?? Buffer.byteLength(text);
    this.#bundles.offer({ type: 'bundle', kind, version, sha256: digest, bytes });
    await this.#bundles.idle;
    assert.equal(this.answers.length, before + 1, 'each offer is answered once');
    const answer = this.answers.at(-1);
    return answer?.state === 'applied' ? 'applied' : answer?.code;
  }

  /** Offers a bundle, and stops while it is being fetched. */
  async interrupt(kind: BundleKind, version: number): Promise<void> {
    this.#bundles.offer({ type: 'bundle', kind, version, sha256: 'cd'.repeat(32), bytes: 100 });
    await this.#bundles.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rules.stop();
    this.#database.close();
    this.directory[Symbol.dispose]();
  }
}

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
  const later = new Date(NOW.getTime() + 1_000);
  const kinds = [
    ['rules', await pack(7, 'new'), await pack(6, 'old'), await pack(7, 'other')],
    ['config', await config(7, 'new'), await config(6, 'old'), await config(7, 'other')],
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
  assert.equal(host.inForce, 'rules 7, approvals 7, config 7');
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
  assert.equal(await host.offer('policy', 2, forged), 'AGENT_BUNDLE_UNWANTED');
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
  await host.restart();
  const options = { profile: 'developer', denial: 'report', other: 1 } as const;
  assert.deepEqual(host.remote.tightened(options), { profile: 'production', denial: 'end', other: 1 });
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
    { rule_changes: [{ rule: 'own' }] },
    { version: 2, issued: NOW },
    key.signer,
  );
  assert.equal(await host.offer('config', 2, JSON.stringify(bad)), 'AGENT_BUNDLE_INVALID');
  assert.deepEqual([host.rules, host.inForce], [['own'], 'config 1']);
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
