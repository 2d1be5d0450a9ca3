import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { PackageIntegrity } from '../../../agent/protection/integrity.ts';
import { Pace } from '../../../agent/protection/pace.ts';
import type { KnownPackage } from '../../../agent/state/known-package.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { CONTENTS, Installation, type ReleaseKeyPair, releaseKeyPair } from './installation.ts';

const key = releaseKeyPair();
const pace = () => new Pace(2 ** 40, new AbortController().signal);

function checker(install: Installation, hostKey = '/nonexistent/release.pub', owners?: readonly number[]) {
  const place = { root: install.root, hostKey, ...(owners === undefined ? {} : { hostKeyOwners: owners }) };
  const integrity = new PackageIntegrity(place);
  return (known: KnownPackage | null = null, scope: 'all' | 'touched' = 'all') =>
    integrity.check(known, scope, pace());
}

async function installed(directory: TempDirectory, by: ReleaseKeyPair = key): Promise<Installation> {
  const install = new Installation(directory);
  await install.install('0.2.0', by);
  return install;
}

/** What is wrong, as `path reason`; `whole` or `none` where nothing is. */
async function faults(checked: ReturnType<ReturnType<typeof checker>>): Promise<readonly string[]> {
  const result = await checked;
  return result.kind === 'broken'
    ? result.listed.map(({ path, reason }) => `${path} ${reason}`)
    : [result.kind];
}

async function release(install: Installation): Promise<KnownPackage> {
  const result = await checker(install)();
  return result.kind === 'whole' ? result.release : assert.fail(JSON.stringify(result));
}

test('an installation that is as its manifest says is whole, with its version and key', async () => {
  using directory = new TempDirectory();
  const result = await checker(await installed(directory))();
  assert.ok(result.kind === 'whole');
  assert.deepEqual([result.files, result.since], [CONTENTS.length, 'none']);
  const { package: name, version, key: id } = result.release;
  assert.deepEqual([name, version, id], ['sealwatch-agent', '0.2.0', key.id]);
});

test('every kind of change is named with its file', async () => {
  using directory = new TempDirectory();
  const install = await installed(directory);
  install.overwrite('dist/bundle/start.js', 'console.log(2);\n');
  install.overwrite('package.json', 'longer than it was before\n');
  install.remove('rules/mcp/a.yml');
  install.write('rules/mcp/evil.yml', 'title: evil\n');
  install.write('node_modules/evil/index.js', '');
  install.chmod('bin/sealwatch', 0o644);
  install.chmod('runtime/node', 0o777);
  install.chmod('node_modules', 0o777);
  install.write('README', 'beside the directories of the package, nothing is foreign\n');
  assert.deepEqual(await faults(checker(install)()), [
    'bin/sealwatch not executable',
    'dist/bundle/start.js changed',
    'package.json changed',
    'rules/mcp/a.yml missing',
    'runtime/node writable by others',
    'node_modules writable by others',
    'node_modules/evil/index.js foreign',
    'rules/mcp/evil.yml foreign',
  ]);
});

test('a link in the place of a file or a directory is none', async () => {
  using directory = new TempDirectory();
  const install = await installed(directory);
  renameSync(install.at('runtime/node'), directory.at('node'));
  symlinkSync(directory.at('node'), install.at('runtime/node'));
  renameSync(install.at('rules'), directory.at('rules'));
  symlinkSync(directory.at('rules'), install.at('rules'));
  const found = await faults(checker(install)());
  assert.ok(found.includes('runtime/node no regular file'), String(found));
  assert.ok(found.includes('rules no directory'), String(found));
});

test('a check of what was touched finds what changed, a full one also what hides its times', async () => {
  using directory = new TempDirectory();
  const install = await installed(directory);
  const check = checker(install);
  assert.deepEqual(await faults(check()), ['whole']);
  install.overwrite('dist/bundle/start.js', 'console.log(2);\n');
  utimesSync(install.at('dist/bundle/start.js'), 0, 0);
  assert.deepEqual(await faults(check(null, 'touched')), ['dist/bundle/start.js changed']);
  assert.deepEqual(await faults(check(null, 'touched')), ['dist/bundle/start.js changed'], 'and again');
  install.overwrite('dist/bundle/start.js', 'console.log(1);\n');
  assert.deepEqual(await faults(check(null, 'touched')), ['whole']);
});

test('another content of a changed file is another fault', async () => {
  using directory = new TempDirectory();
  const install = await installed(directory);
  const found = new Set<string>();
  for (const content of ['console.log(2);\n', 'console.log(3);\n', 'x', 'y']) {
    install.overwrite('dist/bundle/start.js', content);
    utimesSync(install.at('dist/bundle/start.js'), new Date(), found.size);
    const result = await checker(install)();
    found.add(JSON.stringify(result));
  }
  assert.equal(found.size, 4);
});

test('a manifest that is changed, or signed by somebody else than the release before, is refused', async () => {
  using directory = new TempDirectory();
  const install = await installed(directory);
  const known = await release(install);
  const stranger = releaseKeyPair();
  await install.install('0.3.0', stranger);
  assert.deepEqual(await faults(checker(install)(known)), [
    `manifest.dsse.json signed by ${stranger.id}, and the release before by ${key.id}`,
  ]);
  install.write('release.pub', key.pem);
  assert.match(
    (await faults(checker(install)(known)))[0] ?? '',
    /^manifest\.dsse\.json APPROVAL_SIGNER_UNTRUSTED/,
  );
  install.write('manifest.dsse.json', '{');
  assert.match((await faults(checker(install)(known)))[0] ?? '', /^manifest\.dsse\.json APPROVAL_/);
});

test('a checkout has no manifest; an installation that had one is stripped of it', async () => {
  using directory = new TempDirectory();
  const install = await installed(directory);
  const known = await release(install);
  install.remove('manifest.dsse.json');
  assert.deepEqual(await faults(checker(install)()), ['none']);
  assert.deepEqual(await faults(checker(install)(known)), ['manifest.dsse.json missing']);
});

test('a newer release of the same key is told from an older one, and from the same', async () => {
  using directory = new TempDirectory();
  const install = await installed(directory);
  const known = await release(install);
  const since = async () => {
    const result = await checker(install)(known);
    return result.kind === 'whole' && (typeof result.since === 'string' ? result.since : result.since.kind);
  };
  assert.equal(await since(), 'same');
  await install.install('0.10.0~rc.1', key);
  assert.equal(await since(), 'newer');
  await install.install('0.2.0~rc.1', key);
  assert.equal(await since(), 'older');
  await install.install('0.2.0', key, CONTENTS.slice(1));
  install.remove('bin/sealwatch');
  assert.equal(await since(), 'newer', 'another build of one version is not lower');
});

const asRoot = process.getuid?.() === 0 ? false : 'only root makes files of root';

test('where the host chose a key of releases, it alone counts', { skip: asRoot }, async () => {
  using directory = new TempDirectory();
  const install = await installed(directory);
  const known = await release(install);
  const fleet = releaseKeyPair();
  const hostKey = directory.write('etc/release.pub', fleet.pem);
  const [before] = await faults(checker(install, hostKey)(known));
  assert.match(before ?? '', /APPROVAL_SIGNER_UNTRUSTED/);
  await install.install('0.3.0', fleet);
  assert.deepEqual(
    await faults(checker(install, hostKey)(known)),
    ['whole'],
    'a change of it is the host’s own',
  );
  directory.write('etc/release.pub', fleet.pem, 0o666);
  assert.deepEqual(await faults(checker(install, hostKey)(known)), [`${hostKey} writable by others`]);
  directory.write('etc/release.pub', 'no key');
  assert.deepEqual(await faults(checker(install, hostKey)(known)), [`${hostKey} no Ed25519 public key`]);
});

test('a key of the host that root does not own counts for nobody', async () => {
  using directory = new TempDirectory();
  const install = await installed(directory);
  const hostKey = directory.write('etc/release.pub', key.pem);
  assert.deepEqual(await faults(checker(install, hostKey, [])()), [`${hostKey} writable by others`]);
});

test('a check ends at once when the agent stops', async () => {
  using directory = new TempDirectory();
  const install = await installed(directory);
  mkdirSync(install.at('dist/more'));
  const ended = new AbortController();
  const slow = new Pace(1, ended.signal);
  const integrity = new PackageIntegrity({ root: install.root, hostKey: '/nonexistent' });
  const check = integrity.check(null, 'all', slow);
  await slow.spend(0);
  ended.abort();
  await assert.rejects(check, { name: 'AbortError' });
});
