import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { TempDirectory } from '../temp-directory.ts';
import { runBuilt } from './built.ts';

const sealwatch = (...args: readonly string[]) => runBuilt(args);

/** A host with one project, whose server is a script with a helper. */
class ProjectHost implements Disposable {
  readonly #directory = new TempDirectory();
  readonly state = this.#directory.at('state');
  readonly project: string;

  constructor(home: string) {
    this.project = this.#directory.at(home, 'work/app');
    this.write(`${home}/work/app/.mcp.json`, {
      mcpServers: { files: { command: 'sh', args: ['tools/run.sh'] } },
    });
    this.write(`${home}/work/app/tools/run.sh`, '. ./tools/lib.sh\n');
    this.write(`${home}/work/app/tools/lib.sh`, 'echo safe\n');
  }

  at = (...parts: string[]) => this.#directory.at(...parts);
  write = (relative: string, content: string | object) => this.#directory.write(relative, content);

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

test('an approval committed with a project verifies on another host under another home, and only there', () => {
  using here = new ProjectHost('home/alice');
  using there = new ProjectHost('srv/homes/bob');
  const on = (host: ProjectHost) => [
    '--home',
    host.at('none'),
    '--root',
    host.project,
    '--state-dir',
    host.state,
  ];
  for (const host of [here, there]) mkdirSync(host.at('none'));
  const approved = sealwatch('approve', 'claude-code/files', '--yes', '--project', ...on(here));
  assert.equal(approved.status, 0, approved.stderr);
  const key = here.write('ci/key.pem', sealwatch('key', 'export', '--state-dir', here.state).stdout);
  const verify = (host: ProjectHost, trust = key) =>
    sealwatch('verify', '--json', '--root', host.project, '--trust', trust, '--state-dir', host.at('fresh'));
  assert.equal(verify(there).json().state, 'pending');
  cpSync(`${here.project}/.sealwatch`, `${there.project}/.sealwatch`, { recursive: true });
  const verified = verify(there);
  assert.deepEqual([verified.status, verified.json().state], [0, 'approved'], verified.stdout);
  there.write('srv/homes/bob/work/app/tools/lib.sh', 'echo evil\n');
  const drifted = verify(there);
  assert.equal(drifted.status, 1);
  assert.equal(drifted.json().code, 'APPROVAL_CLOSURE_CHANGED');
  assert.match(drifted.json().reason, /helper .*lib\.sh changed less than a minute ago/);
  cpSync(key, `${there.project}/key.pem`);
  assert.match(verify(there, `${there.project}/key.pem`).stderr, /APPROVAL_TRUST_ROOT_EXPOSED/);
});

test('a host approval is none that CI accepts', () => {
  using host = new ProjectHost('home/alice');
  mkdirSync(host.at('none'));
  const all = ['--home', host.at('none'), '--root', host.project, '--state-dir', host.state];
  assert.equal(sealwatch('approve', 'claude-code/files', '--yes', ...all).status, 0);
  assert.equal(sealwatch('verify', ...all).status, 0);
  const { status, stdout } = sealwatch('verify', '--root', host.project, '--state-dir', host.state);
  assert.equal(status, 1);
  assert.match(stdout, /pending/);
});

test('a rollout approves what the scan showed and nothing that changed since', () => {
  using host = new ProjectHost('home/alice');
  host.write('home/alice/work/other/.mcp.json', { mcpServers: { late: { command: 'sh', args: ['x.sh'] } } });
  host.write('home/alice/work/other/x.sh', 'echo 1\n');
  mkdirSync(host.at('none'));
  const all = ['--home', host.at('none'), '--root', host.at('home/alice/work'), '--state-dir', host.state];
  const seen = host.write('seen.json', sealwatch('scan', '--json', ...all).stdout);
  host.write('home/alice/work/other/x.sh', 'echo 2\n');
  const rollout = sealwatch('approve', '--all', '--from-scan', seen, '--yes', ...all);
  assert.equal(rollout.status, 1);
  assert.match(rollout.stdout, /^approved claude-code\/files\n$/);
  assert.match(rollout.stderr, /not approved claude-code\/late: the scan did not see it as it is now/);
  assert.equal(sealwatch('approve', '--all', '--yes', ...all).status, 2);
  assert.equal(sealwatch('approve', '--all', '--from-scan', host.at('none'), '--yes', ...all).status, 3);
});

test('production asks that findings are accepted by name, and a developer approval is none there', () => {
  using host = new ProjectHost('home/alice');
  mkdirSync(host.at('none'));
  const all = ['--home', host.at('none'), '--root', host.project, '--state-dir', host.state];
  assert.equal(sealwatch('approve', 'claude-code/files', '--yes', ...all).status, 0);
  assert.equal(
    sealwatch('verify', '--profile', 'production', '--json', ...all).json().code,
    'APPROVAL_PROFILE_MISMATCH',
  );
  const approve = (...more: string[]) =>
    sealwatch('approve', 'claude-code/files', '--yes', '--profile', 'production', ...more, ...all);
  const refused = approve();
  assert.equal(refused.status, 3);
  const wanted = [...refused.stderr.matchAll(/--accept (\w+)/g)].flatMap(([, id]) => ['--accept', id ?? '']);
  assert.ok(wanted.length > 0, refused.stderr);
  assert.equal(approve(...wanted).status, 0);
  assert.equal(sealwatch('verify', '--profile', 'production', ...all).status, 0);
});

test('keys are made once, listed with whether they count, and never shown', () => {
  using host = new ProjectHost('home/alice');
  const key = (...args: string[]) => sealwatch('key', ...args, '--state-dir', host.state);
  assert.equal(key('create').status, 0);
  assert.equal(key('create').status, 3);
  assert.equal(key('create', '--name', 'second', '--no-trust').status, 0);
  assert.equal(key('create', '--name', '../x').status, 3);
  const { keys, threshold } = key('list', '--json').json();
  assert.deepEqual(
    keys.map(({ kind, name, trusted }: { kind: string; name: string; trusted: boolean }) => [
      kind,
      kind === 'file' ? name : '',
      trusted,
    ]),
    [
      ['file', 'approver', true],
      ['file', 'second', false],
      ['trust-root', '', true],
    ],
  );
  assert.deepEqual(threshold, { developer: 1, production: 1 });
  const pem = key('export', '--name', 'second');
  assert.match(pem.stdout, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.match(key('export', '--ssh').stdout, /^ssh-ed25519 AAAA\S+ approver\n$/);
  assert.equal(key('trust', host.write('second.pem', pem.stdout)).status, 0);
  assert.equal(key('trust', `${host.state}/keys/second.pem`).status, 3);
  const trusted = key('list', '--json')
    .json()
    .keys.filter(({ trusted: is }: { trusted: boolean }) => is);
  assert.equal(trusted.length, 4);
});

test('where two signatures are asked for, the second makes the approval', () => {
  using host = new ProjectHost('home/alice');
  mkdirSync(host.at('none'));
  const all = ['--home', host.at('none'), '--root', host.project, '--state-dir', host.state];
  for (const name of ['one', 'two']) sealwatch('key', 'create', '--name', name, '--state-dir', host.state);
  host.write('state/trust/policy.json', { threshold: { developer: 2 } });
  const decide = (verb: string, name: string) =>
    sealwatch(verb, 'claude-code/files', '--yes', '--key', name, ...all);
  assert.equal(decide('cosign', 'two').status, 2);
  assert.equal(decide('approve', 'one').status, 0);
  const pending = sealwatch('verify', '--json', ...all).json();
  assert.deepEqual([pending.state, pending.code], ['pending', 'APPROVAL_SIGNATURES_TOO_FEW']);
  assert.equal(decide('cosign', 'one').status, 0);
  assert.equal(sealwatch('verify', ...all).status, 1);
  assert.equal(decide('cosign', 'two').status, 0);
  assert.equal(sealwatch('verify', ...all).status, 0);
});

test('a bundle brings approvals to another host, and an older one never comes back', () => {
  using here = new ProjectHost('home/alice');
  using there = new ProjectHost('home/bob');
  const on = (host: ProjectHost) => [
    '--home',
    host.at('none'),
    '--root',
    host.project,
    '--state-dir',
    host.state,
  ];
  for (const host of [here, there]) mkdirSync(host.at('none'));
  assert.equal(sealwatch('approve', 'claude-code/files', '--yes', '--any-user', ...on(here)).status, 0);
  const own = sealwatch('show', 'claude-code/files', '--json', ...on(here)).json().source.path;
  const bundle = (version: number, ...files: string[]) =>
    sealwatch('bundle', 'create', '--serial', String(version), '--state-dir', here.state, ...files).stdout;
  const key = here.write('key.pem', sealwatch('key', 'export', '--state-dir', here.state).stdout);
  const install = (text: string) =>
    sealwatch('bundle', 'install', there.write('bundle.json', text), '--state-dir', there.state);
  assert.match(install(bundle(1, own)).stderr, /APPROVAL_SIGNER_UNTRUSTED/);
  assert.equal(sealwatch('key', 'trust', key, '--state-dir', there.state).status, 0);
  const first = bundle(1, own);
  assert.equal(install(first).status, 0);
  assert.equal(sealwatch('verify', ...on(there)).status, 0);
  assert.equal(sealwatch('revoke', 'claude-code/files', '--yes', ...on(here)).status, 0);
  const revoked = sealwatch('show', 'claude-code/files', '--json', ...on(here)).json().source.path;
  assert.equal(install(bundle(2, own, revoked)).status, 0);
  assert.equal(sealwatch('verify', '--json', ...on(there)).json().code, 'APPROVAL_REVOKED');
  assert.match(install(first).stderr, /APPROVAL_BUNDLE_ROLLED_BACK/);
  there.write('state/bundle/approvals.dsse.json', first);
  assert.equal(sealwatch('verify', ...on(there)).status, 1);
});
