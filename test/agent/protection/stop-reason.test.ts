import assert from 'node:assert/strict';
import { symlinkSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { stopReason } from '../../../agent/protection/stop-reason.ts';
import { TempDirectory } from '../../temp-directory.ts';

const own = process.getuid?.() ?? 0;

test('a fresh word of the owner is the reason', () => {
  using directory = new TempDirectory();
  for (const reason of ['upgrade', 'uninstall', 'stop'] as const) {
    const path = directory.write('stopping', `${reason}\n`);
    assert.equal(stopReason(path, Date.now(), own), reason);
  }
});

test('what is missing, old, of others, writable by others, a link or no known word is a plain stop', () => {
  using directory = new TempDirectory();
  const path = directory.write('stopping', 'upgrade');
  assert.equal(stopReason(path, Date.now() + 6 * 60_000, own), 'stop');
  assert.equal(stopReason(path, Date.now(), own + 1), 'stop');
  utimesSync(path, 0, 0);
  assert.equal(stopReason(path, Date.now(), own), 'stop');
  assert.equal(stopReason(directory.write('stopping', 'upgrade', 0o666), Date.now(), own), 'stop');
  assert.equal(stopReason(directory.write('stopping', 'holiday'), Date.now(), own), 'stop');
  assert.equal(stopReason(directory.at('none'), Date.now(), own), 'stop');
  assert.equal(stopReason(null, Date.now(), own), 'stop');
  const good = directory.write('good', 'upgrade');
  symlinkSync(good, directory.at('link'));
  assert.equal(stopReason(directory.at('link'), Date.now(), own), 'stop');
  assert.equal(stopReason(good, Date.now(), own), 'upgrade');
});
