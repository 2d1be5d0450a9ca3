import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HashCache } from '../../../../inventory/closure/files/hash-cache.ts';
import { hashTree } from '../../../../inventory/closure/files/package-tree.ts';
import { TempHome } from '../../temp-home.ts';

function layOut(home: TempHome): string {
  home.write('tree/package.json', '{}');
  home.write('tree/lib/a.js', 'a');
  home.write('tree/lib/deep/b.js', 'b');
  symlinkSync('a.js', join(home.path, 'tree/lib/link.js'));
  return join(home.path, 'tree');
}

function digest(tree: string, cache = new HashCache()): string {
  const hashed = hashTree(tree, cache);
  assert.ok('sha256' in hashed, 'reason' in hashed ? hashed.reason : '');
  return hashed.sha256;
}

async function atRest(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 150));
}

/** Bytecode as CPython 3.12 writes it for a source: magic, flags, mtime and size or hash (PEP 552). */
function bytecode(source: string, flags: number, code = 'code'): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(0x0a0d0dcb, 0);
  header.writeUInt32LE(flags, 4);
  const { mtimeMs, size } = statSync(source);
  header.writeUInt32LE(Math.floor(mtimeMs / 1000), 8);
  header.writeUInt32LE(size, 12);
  return Buffer.concat([header, Buffer.from(code)]);
}

const CHANGES: readonly (readonly [name: string, change: (tree: string) => void])[] = [
  ['a byte more in a deep file', (tree) => appendFileSync(join(tree, 'lib/deep/b.js'), ' ')],
  ['another byte of the same length', (tree) => writeFileSync(join(tree, 'lib/a.js'), 'z')],
  ['a new file in a deep directory', (tree) => writeFileSync(join(tree, 'lib/deep/new.js'), '')],
  ['a file renamed', (tree) => renameSync(join(tree, 'lib/a.js'), join(tree, 'lib/c.js'))],
  ['a file removed', (tree) => unlinkSync(join(tree, 'lib/deep/b.js'))],
  ['a directory removed', (tree) => rmSync(join(tree, 'lib/deep'), { recursive: true })],
  [
    'a file swapped by rename',
    (tree) => {
      writeFileSync(join(tree, '../other'), 'x');
      renameSync(join(tree, '../other'), join(tree, 'lib/a.js'));
    },
  ],
  [
    'a file swapped for a hard link',
    (tree) => {
      writeFileSync(join(tree, '../other'), 'x');
      unlinkSync(join(tree, 'lib/a.js'));
      linkSync(join(tree, '../other'), join(tree, 'lib/a.js'));
    },
  ],
  [
    'a link to elsewhere',
    (tree) => {
      unlinkSync(join(tree, 'lib/link.js'));
      symlinkSync('deep/b.js', join(tree, 'lib/link.js'));
    },
  ],
  [
    'the same size with the old times set back',
    (tree) => {
      const path = join(tree, 'lib/a.js');
      const { atime, mtime } = statSync(path);
      writeFileSync(path, 'q');
      utimesSync(path, atime, mtime);
    },
  ],
];

for (const [name, change] of CHANGES) {
  test(`seen against a warm cache: ${name}`, async () => {
    using home = new TempHome();
    const tree = layOut(home);
    await atRest();
    const cache = new HashCache();
    const before = digest(tree, cache);
    assert.notEqual(cache.trees.get(tree), null, 'the tree was cached');
    change(tree);
    const after = digest(tree, cache);
    assert.notEqual(after, before);
    assert.equal(after, digest(tree), 'as without a cache');
  });
}

test('touch, chmod and an own rebuild leave the digest as it was', async () => {
  using home = new TempHome();
  const tree = layOut(home);
  await atRest();
  const cache = new HashCache();
  const before = digest(tree, cache);
  utimesSync(join(tree, 'lib/a.js'), new Date(), new Date());
  chmodSync(join(tree, 'lib'), 0o700);
  assert.equal(cache.trees.get(tree), null, 'it is looked at again');
  assert.equal(digest(tree, cache), before);
});

test('a change of mode is seen in the owners though the digest stays', async () => {
  using home = new TempHome();
  const tree = layOut(home);
  await atRest();
  const cache = new HashCache();
  digest(tree, cache);
  chmodSync(join(tree, 'lib/a.js'), 0o666);
  const hashed = hashTree(tree, cache);
  assert.ok('owners' in hashed && hashed.owners.some(({ mode }) => (mode & 0o002) !== 0));
});

test('a tree that was just written is not cached', async () => {
  using home = new TempHome();
  const tree = layOut(home);
  const cache = new HashCache();
  digest(tree, cache);
  assert.equal(cache.trees.get(tree), null);
});

test('trees over the limit of the cache push out the oldest, and are hashed all the same', async () => {
  using home = new TempHome();
  for (const name of ['one', 'two']) home.write(`${name}/x.js`, name);
  await atRest();
  const cache = new HashCache(100, 3);
  const [one, two] = [join(home.path, 'one'), join(home.path, 'two')];
  const first = digest(one, cache);
  digest(two, cache);
  assert.equal(cache.trees.get(one), null);
  assert.notEqual(cache.trees.get(two), null);
  assert.equal(digest(one, cache), first);
});

test('history of a checkout is left out, whatever else begins with a dot is not', () => {
  using home = new TempHome();
  const tree = layOut(home);
  const before = digest(tree);
  home.write('tree/.git/HEAD', 'ref');
  assert.equal(digest(tree), before);
  home.write('tree/.github/run.sh', 'x');
  assert.notEqual(digest(tree), before);
});

test('bytecode that Python derives from the source beside it is no change', () => {
  using home = new TempHome();
  const source = home.write('tree/mod.py', 'x = 1\n');
  const tree = join(home.path, 'tree');
  mkdirSync(join(tree, '__pycache__'));
  const before = digest(tree);
  for (const [name, flags] of [
    ['mod.cpython-312.pyc', 0],
    ['mod.cpython-312.opt-1.pyc', 0],
    ['mod.pypy310.pyc', 3],
  ] as const) {
    writeFileSync(join(tree, '__pycache__', name), bytecode(source, flags));
    assert.equal(digest(tree), before, name);
  }
});

const DECIDING: readonly (readonly [name: string, file: string, make: (source: string) => Buffer])[] = [
  ['without a source', '__pycache__/gone.cpython-312.pyc', (source) => bytecode(source, 0)],
  [
    'with a hash that Python does not check',
    '__pycache__/mod.cpython-312.pyc',
    (source) => bytecode(source, 1),
  ],
  [
    'of another time',
    '__pycache__/mod.cpython-312.pyc',
    (source) => {
      const bytes = bytecode(source, 0);
      bytes.writeUInt32LE(1, 8);
      return bytes;
    },
  ],
  [
    'of another size',
    '__pycache__/mod.cpython-312.pyc',
    (source) => {
      const bytes = bytecode(source, 0);
      bytes.writeUInt32LE(1, 12);
      return bytes;
    },
  ],
  ['that is cut', '__pycache__/mod.cpython-312.pyc', (source) => bytecode(source, 0).subarray(0, 15)],
  ['beside its source', 'mod.pyc', (source) => bytecode(source, 0)],
  ['by another name', '__pycache__/mod.js', (source) => bytecode(source, 0)],
];

for (const [name, file, make] of DECIDING) {
  test(`bytecode ${name} is part of the tree`, () => {
    using home = new TempHome();
    const source = home.write('tree/mod.py', 'x = 1\n');
    const tree = join(home.path, 'tree');
    const before = digest(tree);
    home.write(`tree/${file}`, make(source));
    assert.notEqual(digest(tree), before);
  });
}
