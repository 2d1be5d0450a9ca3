import assert from 'node:assert/strict';
import { appendFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ArtefactSet } from '../../../inventory/closure/artefacts.ts';
import { FileFacts } from '../../../inventory/closure/files/file-facts.ts';
import { HashCache } from '../../../inventory/closure/files/hash-cache.ts';
import { AccountNames } from '../../../inventory/closure/files/names.ts';
import { Writers } from '../../../inventory/closure/files/writers.ts';
import { MAX_ARTEFACTS } from '../../../inventory/limits.ts';
import { TempHome } from '../temp-home.ts';

function hostFacts() {
  const cache = new HashCache();
  const names = new AccountNames('', '');
  return { cache, files: new FileFacts(cache), names, writers: new Writers(names) };
}

function setFor(home: TempHome, host = hostFacts()): ArtefactSet {
  return new ArtefactSet(host, { home: [home.path], project: [] });
}

test('servers that share a package are told of the same moment', () => {
  using home = new TempHome();
  const file = home.write('pkg/package.json', '{}');
  const host = hostFacts();
  const [first, second] = [setFor(home, host), setFor(home, host)];
  first.addPackage('pkg', join(home.path, 'pkg'));
  appendFileSync(file, ' ');
  second.addPackage('pkg', join(home.path, 'pkg'));
  assert.equal(first.closure().digest, second.closure().digest);
  const next = setFor(home);
  next.addPackage('pkg', join(home.path, 'pkg'));
  assert.notEqual(next.closure().digest, first.closure().digest);
});

test('what cannot be hashed is unresolved, each with its reason', () => {
  using home = new TempHome();
  const set = setFor(home);
  symlinkSync('loop', join(home.path, 'loop'));
  assert.equal(set.addFile('script', join(home.path, 'gone')), null);
  assert.equal(set.addFile('script', home.path), null);
  assert.equal(set.addFile('script', join(home.path, 'loop')), null);
  set.addPackage('pkg', join(home.path, 'no-package'));
  const reasons = set.closure().artefacts.map(({ role, reason }) => `${role}: ${reason}`);
  assert.deepEqual(reasons, [
    'unresolved: script cannot be read: ENOENT',
    'unresolved: script is not a regular file',
    'unresolved: script cannot be read: ELOOP',
    'unresolved: package pkg: its files cannot be read: ENOENT',
  ]);
});

test('every link on the way to a file is watched', () => {
  using home = new TempHome();
  const file = home.write('real/x', '1');
  symlinkSync(file, join(home.path, 'b'));
  symlinkSync('b', join(home.path, 'a'));
  const set = setFor(home);
  assert.equal(set.addFile('script', join(home.path, 'a')), file);
  for (const name of ['a', 'b', 'real/x']) assert.ok(set.files.has(join(home.path, name)), name);
});

test('a file by two names is one artefact', () => {
  using home = new TempHome();
  const file = home.write('x', '1');
  symlinkSync('x', join(home.path, 'y'));
  const set = setFor(home);
  set.addFile('script', file);
  set.addFile('helper', join(home.path, 'y'));
  assert.deepEqual(
    set.closure().artefacts.map(({ role }) => role),
    ['script'],
  );
});

test('artefacts over the limit are said to be missing', () => {
  using home = new TempHome();
  const set = setFor(home);
  for (let index = 0; index <= MAX_ARTEFACTS; index += 1) set.addUnresolved(`/gone/${index}`, 'not there');
  const { artefacts } = set.closure();
  assert.equal(artefacts.length, MAX_ARTEFACTS + 1);
  assert.match(artefacts.at(-1)?.reason ?? '', /the others are not sealed/);
});

test('a file that is replaced between two scans has another digest under the same path', () => {
  using home = new TempHome();
  const file = home.write('x', '1');
  const digest = () => {
    const set = setFor(home);
    set.addFile('script', file);
    return set.closure().digest;
  };
  const before = digest();
  unlinkSync(file);
  writeFileSync(file, '2');
  assert.notEqual(digest(), before);
});
