import assert from 'node:assert/strict';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { GuardError } from '../../../guard/index.ts';
import { readConfig, replaceConfig } from '../../../guard/wrap/config-file.ts';
import { TempDirectory } from '../../temp-directory.ts';

const isChanged = (error: unknown) => error instanceof GuardError && error.code === 'GUARD_CONFIG_CHANGED';

test('a config that another program changed meanwhile is not replaced, and nothing is left behind', () => {
  using directory = new TempDirectory();
  const path = directory.write('c.json', 'old');
  const before = readConfig(path);
  writeFileSync(path, 'of another');
  assert.throws(() => replaceConfig(path, before, Buffer.from('new')), isChanged);
  assert.equal(directory.read('c.json'), 'of another');
  assert.deepEqual(readdirSync(directory.path), ['c.json']);
});

test('a file that another program put in its place is not replaced, though it says the same', () => {
  using directory = new TempDirectory();
  const path = directory.write('c.json', 'old');
  const before = readConfig(path);
  renameSync(directory.write('other', 'old'), path);
  assert.throws(() => replaceConfig(path, before, Buffer.from('new')), isChanged);
  assert.equal(directory.read('c.json'), 'old');
});

test('what is no file any more is not read', () => {
  using directory = new TempDirectory();
  assert.throws(() => readConfig(directory.at('none')), isChanged);
  assert.throws(() => readConfig(directory.path), isChanged);
});
