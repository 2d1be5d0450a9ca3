import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { KeptManifests } from '../../../guard/tools/kept-manifests.ts';
import { TempDirectory } from '../../temp-directory.ts';

const ID = '5f1c0a77';
const OTHER = '5f1c0a78';
const tool = (name: string) => ({ name, digest: 'a'.repeat(64), description: `Does ${name}.` });

/** A state directory with the manifests in it. */
class Place implements Disposable {
  readonly #directory = new TempDirectory();
  readonly path = this.#directory.at('state');
  readonly kept = new KeptManifests(this.path);
  readonly file = (id = ID) => this.#directory.at('state', 'manifests', `${id}.json`);
  readonly at = this.#directory.at.bind(this.#directory);

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

test('what was kept is read under what it was kept under, and under nothing else', () => {
  using place = new Place();
  assert.equal(place.kept.read(ID, 'closure 1'), null);
  assert.equal(place.kept.write(ID, 'closure 1', [tool('add')]), true);
  assert.deepEqual(place.kept.read(ID, 'closure 1'), [tool('add')]);
  assert.equal(place.kept.read(ID, 'closure 2'), null);
  assert.equal(place.kept.read(OTHER, 'closure 1'), null);
  assert.deepEqual(place.kept.seen(ID), [tool('add')]);
  place.kept.write(ID, 'closure 2', []);
  assert.equal(place.kept.read(ID, 'closure 1'), null);
  assert.deepEqual(place.kept.read(ID, 'closure 2'), []);
});

test('a manifest is its user’s alone, and nothing is left beside it', () => {
  using place = new Place();
  place.kept.write(ID, 'a', [tool('add')]);
  place.kept.write(ID, 'a', [tool('list')]);
  assert.equal(statSync(place.file()).mode & 0o777, 0o600);
  assert.equal(statSync(`${place.path}/manifests`).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(`${place.path}/manifests`), [`${ID}.json`]);
});

test('an id that would name another file names none', () => {
  using place = new Place();
  for (const id of ['../x', '', 'a/b', `${'a'.repeat(65)}`, 'x.json']) {
    assert.equal(place.kept.write(id, 'a', [tool('add')]), false, id);
    assert.equal(place.kept.read(id, 'a'), null, id);
  }
});

test('a file that is damaged, of another kind or too long is none, and is replaced', () => {
  using place = new Place();
  place.kept.write(ID, 'a', [tool('add')]);
  const good = { v: 1, client: 'c', name: 'n', under: 'a', tools: [tool('add')] };
  const bad = [
    '',
    '{',
    'null',
    JSON.stringify({ ...good, v: 2 }),
    JSON.stringify({ ...good, under: 1 }),
    JSON.stringify({ ...good, tools: [{ ...tool('add'), digest: 'A' }] }),
    JSON.stringify({ ...good, tools: Array.from({ length: 2_001 }, () => tool('add')) }),
    `${JSON.stringify(good)}${' '.repeat(17 * 1024 * 1024)}`,
  ];
  for (const text of bad) {
    writeFileSync(place.file(), text);
    assert.equal(place.kept.read(ID, 'a'), null, text.slice(0, 100));
    assert.equal(place.kept.others(OTHER).size, 0);
  }
  assert.equal(place.kept.write(ID, 'a', [tool('list')]), true);
  assert.deepEqual(place.kept.read(ID, 'a'), [tool('list')]);
});

test('a file that others could have written, or that is a link, is none', () => {
  using place = new Place();
  place.kept.write(ID, 'a', [tool('add')]);
  chmodSync(place.file(), 0o666);
  assert.equal(place.kept.read(ID, 'a'), null);
  chmodSync(place.file(), 0o600);
  assert.notEqual(place.kept.read(ID, 'a'), null);
  chmodSync(`${place.path}/manifests`, 0o777);
  assert.equal(place.kept.read(ID, 'a'), null);
  chmodSync(`${place.path}/manifests`, 0o700);
  symlinkSync(place.file(), place.file(OTHER));
  assert.equal(place.kept.read(OTHER, 'a'), null);
});

test('what cannot be kept is told, and nothing of it is left', () => {
  using place = new Place();
  assert.equal(place.kept.write(ID, 'a', [{ ...tool('add'), digest: 'none' }]), false);
  mkdirSync(place.path);
  writeFileSync(place.at('state', 'manifests'), '');
  assert.equal(place.kept.write(ID, 'a', [tool('add')]), false);
  rmSync(place.at('state', 'manifests'));
  mkdirSync(place.file(), { recursive: true });
  assert.equal(place.kept.write(ID, 'a', [tool('add')]), false);
  assert.deepEqual(readdirSync(`${place.path}/manifests`), [`${ID}.json`]);
});

test('the tools of other servers are those of the same client that were started of late', () => {
  using place = new Place();
  const names = ['5f1c0a79', '5f1c0a7a', '5f1c0a7b'] as const;
  place.kept.write(ID, 'a', [tool('own')], { client: 'cursor', name: 'own' });
  place.kept.write(OTHER, 'a', [tool('add'), tool('list')], { client: 'cursor', name: 'files' });
  place.kept.write(names[0], 'a', [tool('more')], { client: 'cursor', name: 'files' });
  place.kept.write(names[1], 'a', [tool('elsewhere')], { client: 'zed', name: 'files' });
  place.kept.write(names[2], 'a', [tool('old')], { client: 'cursor', name: 'old' });
  const now = new Date();
  const old = now.getTime() / 1_000 - 31 * 86_400;
  utimesSync(place.file(names[2]), old, old);
  assert.deepEqual(Object.fromEntries(place.kept.others(ID, 'cursor', now)), {
    files: ['add', 'list', 'more'],
  });
  assert.deepEqual([...place.kept.others(ID, undefined, now).values()].flat().sort(), [
    'add',
    'elsewhere',
    'list',
    'more',
  ]);
  assert.deepEqual(new KeptManifests(place.at('none')).others(ID), new Map());
});
