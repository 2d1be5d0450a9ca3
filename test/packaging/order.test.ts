import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TempDirectory } from '../temp-directory.ts';
import { builder } from './builder-modules.ts';
import { ROOT } from './built-packages.ts';

const { fetchPackage } = await builder<{
  fetchPackage: (root: string, order: Readonly<Record<'name' | 'version' | 'integrity', string>>) => string;
}>('registry');

const WRONG = [
  { words: [], told: /--out is missing/ },
  { words: ['--out', 'x', '--only', 'guard'], told: /--only is one of agent, central, not guard/ },
  { words: ['--out', 'x', '--format', 'msi'], told: /--format is one of deb, rpm, tar, macos, not msi/ },
  { words: ['--out', 'x', '--arch', 's390x'], told: /--arch is one of x64, arm64, not s390x/ },
  { words: ['--out', 'x', '--version', '1.2-3'], told: /1\.2-3 is no version/ },
  { words: ['--out', 'x', '--runtime', '/nowhere/node'], told: /\/nowhere\/node is not there/ },
  { words: ['--out', 'x', '--sing-key', 'y'], told: /Unknown option '--sing-key'/ },
];

for (const { words, told } of WRONG)
  test(`npm run package ${words.join(' ')}: says what is wrong and builds nothing`, () => {
    const script = join(ROOT, 'scripts', 'package.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' });
    assert.equal(status, 3);
    assert.match(stderr, told);
    assert.equal(existsSync('x'), false);
  });

test('what comes from the registry is refused and forgotten where its digest is another', () => {
  using home = new TempDirectory();
  const archive = home.write('.cache/packages/npm/scope-one-1.0.0.tgz', 'not what was locked');
  const order = { name: '@scope/one', version: '1.0.0', integrity: 'sha512-AAAA' };
  assert.throws(
    () => fetchPackage(home.path, order),
    /@scope\/one@1\.0\.0 .* is not what the lock file names/,
  );
  assert.equal(existsSync(archive), false);
});
