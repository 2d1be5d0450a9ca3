import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envelopeText } from '../../../approval/envelope/dsse.ts';
import { composePackageManifest, openPackageManifest } from '../../../approval/store/package-manifest.ts';
import { keyPair, refused, trusting } from '../envelope/key-pair.ts';

const releases = keyPair('a'.repeat(64));
const others = keyPair('b'.repeat(64));
const file = (path: string) => ({ path, sha256: 'ab'.repeat(32), bytes: 3, executable: false });
const manifest = (...paths: readonly string[]) => ({
  package: 'sealwatch-agent',
  version: '0.1.0',
  platform: 'linux-x64',
  files: paths.map(file),
});

test('a manifest comes back as it was signed', async () => {
  const given = manifest('bin/sealwatch', 'rules/mcp/a.yml', 'runtime/node');
  const text = envelopeText(await composePackageManifest(given, releases.signer));
  assert.deepEqual(openPackageManifest(text, trusting(releases.root)), given);
});

test('a manifest that no key of releases signed is refused', async () => {
  const text = envelopeText(await composePackageManifest(manifest('bin/sealwatch'), others.signer));
  assert.throws(
    () => openPackageManifest(text, trusting(releases.root)),
    refused('APPROVAL_SIGNER_UNTRUSTED'),
  );
});

for (const path of ['/etc/passwd', '../up', 'a/../b', 'a//b', 'a/', './a', 'line\nbreak', '..']) {
  test(`a manifest never names ${JSON.stringify(path)}`, async () => {
    const composed = composePackageManifest(manifest(path), releases.signer);
    await assert.rejects(composed, refused('APPROVAL_MANIFEST_INVALID'));
  });
}

for (const [what, paths] of [
  ['twice', ['a', 'a']],
  ['out of order', ['b', 'a']],
] as const) {
  test(`a manifest has no file ${what}`, async () => {
    const composed = composePackageManifest(manifest(...paths), releases.signer);
    await assert.rejects(composed, refused('APPROVAL_MANIFEST_INVALID'));
  });
}
