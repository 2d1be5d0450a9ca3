import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { openSigner, signEnvelope } from '../../approval/index.ts';
import { canonicalJson } from '../../inventory/index.ts';
import { TempDirectory } from '../temp-directory.ts';
import { type Answer, runBuilt } from './built.ts';
import { Place } from './central-place.ts';

/** An operator with a key, and a central that takes in what it signs. */
class Desk implements Disposable {
  readonly own: TempDirectory;
  readonly #place: Place;
  readonly #token: string;

  private constructor(place: Place, own: TempDirectory) {
    this.#place = place;
    this.own = own;
    this.#token = this.token('admin');
  }

  static async open(context: TestContext): Promise<Desk> {
    const own = new TempDirectory();
    mkdirSync(own.at('state'), { mode: 0o700 });
    assert.equal(runBuilt(['key', 'create', '--state-dir', own.at('state')]).status, 0);
    const place = await Place.make({ bundles: { trust_dir: own.at('state', 'trust') } });
    context.after(() => place[Symbol.dispose]());
    await place.start(context);
    return new Desk(place, own);
  }

  /** File of a new API token. */
  token(role: string): string {
    const file = this.own.at(`${role}.token`);
    this.#place.central('api-token', 'create', '--role', role, '--name', role, '--out', file);
    return file;
  }

  /** Signs a file as a bundle of a kind; answers the file that holds it. */
  sign(kind: 'config' | 'policy', version: number, text: string): string {
    const file = this.own.write(`${kind}.yml`, text);
    const state = ['--state-dir', this.own.at('state')];
    const signed = runBuilt(['bundle', kind, file, '--serial', `${version}`, ...state]);
    assert.equal(signed.status, 0, signed.stderr);
    return this.own.write(`${kind}-${version}.json`, signed.stdout);
  }

  run(words: readonly string[], token = this.#token): Answer {
    return runBuilt(['central', ...words, '--url', this.#place.url, '--token-file', token]);
  }

  async metrics(): Promise<string> {
    const authorization = `Bearer ${this.own.read('admin.token').trim()}`;
    return await (await fetch(`${this.#place.url}/metrics`, { headers: { authorization } })).text();
  }

  [Symbol.dispose](): void {
    this.own[Symbol.dispose]();
  }
}

test('a signed policy goes to central, is rolled out, shown and stopped', async (context) => {
  using desk = await Desk.open(context);
  const added = desk.run(['bundle', 'add', desk.sign('policy', 3, 'shells: true\n')]);
  assert.deepEqual(
    [added.status, added.stdout],
    [0, 'added policy 3; no host is offered it before a rollout\n'],
  );
  const again = desk.run(['bundle', 'add', desk.own.at('policy-3.json')]);
  assert.equal(again.status, 3);
  assert.match(again.stderr, /version 3 does not rise above 3 \(sign it anew with a higher version\)/);
  const started = desk.run(['rollout', 'start', 'policy', '3', '--group', 'lab', '--canary', '20', '--json']);
  const { id, state } = started.json();
  assert.equal(state, 'canary');
  const shown = desk.run(['rollout', 'status']).stdout.split('\n');
  assert.match(shown[0] ?? '', /^rollout +bundle +groups +state +applied +refused/);
  assert.match(shown[1] ?? '', new RegExp(`^${id} +policy 3 +lab +canary +0 +0`));
  assert.match(await desk.metrics(), /^sealwatch_central_rollouts\{state="canary"\} 1$/m);
  const stop = ['rollout', 'stop', id, '--reason', 'enough'];
  assert.equal(desk.run(stop).stdout, 'stopped; hosts that have it keep it until a higher version comes\n');
  const [rollout] = desk.run(['rollout', 'status', '--json']).json().rollouts;
  assert.deepEqual(
    [rollout.state, rollout.reason, rollout.hosts],
    ['stopped', 'enough', { applied: 0, refused: 0 }],
  );
  assert.equal(desk.run(stop).status, 3, 'it is stopped already');
  assert.match(await desk.metrics(), /^sealwatch_central_rollouts\{state="stopped"\} 1$/m);
});

test('a policy that does not hold is refused with its place and a hint, here and at central', async (context) => {
  using desk = await Desk.open(context);
  const file = desk.own.write('bad.yml', 'shells: true\nexecutables: [not/absolute]\n');
  const state = ['--state-dir', desk.own.at('state')];
  const signing = runBuilt(['bundle', 'policy', file, '--serial', '1', ...state]);
  assert.deepEqual([signing.status, signing.stdout], [3, '']);
  assert.match(signing.stderr, /bad\.yml:2:15: executables\[0\]: /);
  assert.match(signing.stderr, /docs\/policy\.md/);
  // As somebody signs it who makes no such check.
  const payload = { version: 1, issued: '2026-11-28T12:00:00.000Z', policy: desk.own.read('bad.yml') };
  const place = { stateDir: desk.own.at('state'), systemDirectory: null, agentSocket: undefined };
  const type = 'application/vnd.sealwatch.policy+json';
  const signer = await openSigner('approver', place);
  const bundle = await signEnvelope(Buffer.from(canonicalJson(payload)), signer, type);
  const refused = desk.run(['bundle', 'add', desk.own.write('bad.json', bundle)]);
  assert.equal(refused.status, 3);
  assert.match(refused.stderr, /central refused: policy:2:15: executables\[0\]: .*docs\/policy\.md/);
  assert.equal(desk.run(['rollout', 'start', 'policy', '1']).status, 3, 'it is not on the shelf');
});

test('what the commands cannot do ends in 3 with a reason, and a role that is too low changes nothing', async (context) => {
  using desk = await Desk.open(context);
  const bundle = desk.sign('config', 1, 'placeholders: { word: [x] }\n');
  const approver = desk.token('approver');
  const told = (words: readonly string[], token?: string) => {
    const { status, stdout, stderr } = desk.run(words, token);
    assert.deepEqual([status, stdout], [3, ''], words.join(' '));
    return stderr;
  };
  assert.match(told(['bundle', 'add', bundle], approver), /needs the role admin/);
  assert.match(told(['bundle', 'add', desk.own.at('none.json')]), /CLI_FILE_UNREADABLE|cannot be read/);
  assert.match(told(['bundle', 'add', desk.own.write('empty.json', {})]), /central refused/);
  assert.match(told(['rollout', 'start', 'config', '1']), /there is no bundle config 1 \(add it first/);
  const colours = desk.run(['rollout', 'start', 'colours', '1']);
  assert.deepEqual([colours.status, colours.stdout], [2, '']);
  assert.match(colours.stderr, /Allowed choices are .*config/);
  assert.match(told(['rollout', 'start', 'config', 'one']), /version: /);
  assert.match(told(['rollout', 'stop', 'none']), /id: /);
  assert.deepEqual(desk.run(['rollout', 'status', '--json'], approver).json(), { rollouts: [] });
  assert.equal(desk.run(['bundle', 'add', bundle, '--json']).json().version, 1);
  assert.match(told(['rollout', 'start', 'config', '1'], approver), /needs the role admin/);
  assert.equal(desk.run(['rollout', 'start', 'config', '1', '--canary', '0', '--json']).json().state, 'full');
});
