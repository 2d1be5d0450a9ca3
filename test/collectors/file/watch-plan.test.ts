import assert from 'node:assert/strict';
import { mkdirSync, renameSync } from 'node:fs';
import { test } from 'node:test';
import { MAX_WATCHED_DIRECTORIES, planWatch } from '../../../collectors/file/watch-plan.ts';
import { TempDirectory } from '../../temp-directory.ts';

const brief = (plan: ReturnType<typeof planWatch>) =>
  plan.directories.map(({ path, depth }) => [path, depth]);

test('a file is watched by its directory, where that is missing by the nearest one above', () => {
  using home = new TempDirectory();
  mkdirSync(home.at('a'));
  home.write('plain', '');
  const files = [home.at('a/x'), home.at('a/y'), home.at('a/b/c/z'), home.at('plain/below')];
  assert.deepEqual(brief(planWatch({ files, trees: [] })), [
    [home.at('a'), 'shallow'],
    [home.path, 'shallow'],
  ]);
});

test('a tree is watched whole, and while it is missing by the directory above', () => {
  using home = new TempDirectory();
  mkdirSync(home.at('pkg'));
  home.write('file', '');
  const trees = [home.at('pkg'), home.at('none/deep'), home.at('file')];
  assert.deepEqual(brief(planWatch({ files: [], trees })), [
    [home.at('pkg'), 'recursive'],
    [home.path, 'shallow'],
  ]);
});

test('a directory put in the place of another has another identity', () => {
  using home = new TempDirectory();
  const identity = () => planWatch({ files: [home.at('a/x')], trees: [] }).directories[0]?.identity;
  mkdirSync(home.at('a'));
  mkdirSync(home.at('b'));
  const before = identity();
  assert.equal(identity(), before);
  renameSync(home.at('a'), home.at('c'));
  renameSync(home.at('b'), home.at('a'));
  assert.notEqual(identity(), before);
});

test('directories over the limit are counted', () => {
  using home = new TempDirectory();
  const files = Array.from({ length: MAX_WATCHED_DIRECTORIES + 3 }, (_, index) => home.at(`${index}`, 'x'));
  for (const path of files) mkdirSync(path.slice(0, -2));
  const plan = planWatch({ files, trees: [] });
  assert.equal(plan.directories.length, MAX_WATCHED_DIRECTORIES);
  assert.equal(plan.omitted, 3);
});

test('a path concerns if it is wanted, above what is wanted, or in a tree', () => {
  const { concerns } = planWatch({ files: ['/h/.cfg/app/x.json'], trees: ['/h/pkg'] });
  for (const path of ['/h/.cfg/app/x.json', '/h/.cfg/app', '/h/.cfg', '/h/pkg', '/h/pkg/a/b', '/h', '/'])
    assert.ok(concerns(path), path);
  for (const path of ['/h/.cfg/app/x.json.tmp', '/h/.cfg/other', '/h/pkg2/a', '/h/x', '/h/.cfg/app/x.json/y'])
    assert.ok(!concerns(path), path);
});

test('paths that no file system takes do no harm', () => {
  assert.doesNotThrow(() => planWatch({ files: ['/a\0b/c', `/${'x'.repeat(10_000)}/y`], trees: ['/\0'] }));
});
