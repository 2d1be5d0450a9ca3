import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { findLauncher } from '../../../cli/installation.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { prepareLauncher, root, skip } from './launches.ts';

test('the launcher is built from its sources once', { skip }, async () => {
  using directory = new TempDirectory();
  const out = directory.at('dist', 'guard');
  const log = directory.at('log');
  const built = await prepareLauncher({ root, out, log });
  assert.deepEqual([built.state, built.path], ['built', findLauncher(directory.path)]);
  assert.equal((await prepareLauncher({ root, out, log })).state, 'current');
});

test('without a compiler there is none, and it is said what to install', { skip }, async () => {
  using directory = new TempDirectory();
  const { PATH } = process.env;
  process.env['PATH'] = directory.path;
  try {
    const out = directory.at('dist', 'guard');
    const prepared = await prepareLauncher({ root, out, log: directory.at('log') });
    assert.equal(prepared.state, 'unavailable');
    assert.match(prepared.reason ?? '', /missing make, cc; on Debian: .*apt-get install -y make gcc/);
    assert.equal(findLauncher(directory.path), null);
    assert.equal(existsSync(out), false);
  } finally {
    process.env['PATH'] = PATH;
  }
});
