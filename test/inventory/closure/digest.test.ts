import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdirSync, readdirSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HashCache } from '../../../inventory/index.ts';
import { TempHome } from '../temp-home.ts';
import { describeClosure, scanEntry } from './closures.ts';

const CHECKOUT_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

interface Layout {
  readonly entry: object;
  /** Every file that decides what the entry runs, relative to the home. */
  readonly deciding: readonly string[];
}

/** A shell text that starts a node project with three levels of packages and a Python project with its environment. */
function layOut(home: TempHome): Layout {
  const write = (path: string, content: string | object = '', mode = 0o644) => {
    home.write(path, content, mode);
    return path;
  };
  const packageFile = (path: string, dependencies: object) => [
    write(`${path}/package.json`, { version: '1.0.0', dependencies }),
    write(`${path}/lib/deep/file.js`, 'x'),
  ];
  const deciding = [
    write(
      'p/srv.mjs',
      "import { s } from './sibling.mjs';\nimport one from 'one/sub.js';\nimport ws from 'workspace';\n",
    ),
    write('p/sibling.mjs', "const lazy = () => import('./lazy.mjs');\n"),
    write('p/lazy.mjs'),
    write('p/package.json', { name: 'p' }),
    write('p/package-lock.json', {}),
    ...packageFile('p/node_modules/one', { two: '1' }),
    ...packageFile('p/node_modules/one/node_modules/two', { three: '1' }),
    ...packageFile('p/node_modules/three', {}),
    ...packageFile('shared/workspace', {}),
    write('p/.env', 'A=1'),
    write('p/pre.cjs', 'x'),
    write('py/srv.py', 'import dep\nimport local\n'),
    write('py/local.py'),
    write('py/uv.lock'),
    write('py/.venv/pyvenv.cfg', 'home = /usr/bin\n'),
    write('py/.venv/lib/python3.12/site-packages/dep/__init__.py'),
    write('py/.venv/lib/python3.12/site-packages/dep/sub/inner.py'),
    write('py/.venv/lib/python3.12/site-packages/start.pth', 'import dep\n'),
    write('py/.venv/bin/python', 'x', 0o755),
  ];
  symlinkSync('../../shared/workspace', join(home.path, 'p/node_modules/workspace'));
  write('p/node_modules/unused/index.js');
  write('p/unused.mjs');
  const text = `cd ${home.path}/p && node --env-file=.env -r ./pre.cjs srv.mjs & cd ../py; .venv/bin/python srv.py`;
  return { entry: { command: 'sh', args: ['-c', text] }, deciding };
}

test('one project under two homes has one digest, its environment and packages included', async () => {
  using one = new TempHome();
  using two = new TempHome();
  const [first, second] = [await scanEntry(one, layOut(one).entry), await scanEntry(two, layOut(two).entry)];
  assert.deepEqual(describeClosure(first), describeClosure(second));
  assert.equal(first.server.closure.digest, second.server.closure.digest);
  const own = first.server.closure.artefacts.filter(({ path }) => path.startsWith(one.path));
  assert.ok(own.length > 10);
  for (const { portable_path } of own) assert.ok(!portable_path.includes(one.path), portable_path);
});

test('one byte in any file of any artefact is another digest', async () => {
  using home = new TempHome();
  const { entry, deciding } = layOut(home);
  const cache = new HashCache();
  const before = await scanEntry(home, entry, { cache });
  const files = filesOf(
    before.server.closure.artefacts
      .filter(({ role, path }) => role !== 'config' && path.startsWith(home.path))
      .map(({ path }) => path),
  );
  assert.deepEqual(files.map((path) => path.slice(home.path.length + 1)).sort(), [...deciding].sort());
  let digest = before.server.closure.digest;
  for (const path of files) {
    appendFileSync(path, '\n');
    const after = (await scanEntry(home, entry, { cache })).server.closure.digest;
    assert.notEqual(after, digest, path);
    digest = after;
  }
});

test('another server, a touch and files that nothing names change no digest', async () => {
  using home = new TempHome();
  const { entry, deciding } = layOut(home);
  const { digest } = (await scanEntry(home, entry)).server.closure;
  const other = { command: 'node', args: [join(home.path, 'p/unused.mjs')] };
  assert.equal((await scanEntry(home, entry, { others: { other } })).server.closure.digest, digest);
  for (const path of deciding) utimesSync(join(home.path, path), 1, 1);
  appendFileSync(join(home.path, 'p/unused.mjs'), '1');
  appendFileSync(join(home.path, 'p/node_modules/unused/index.js'), '1');
  assert.equal((await scanEntry(home, entry, { others: { other: {} } })).server.closure.digest, digest);
});

test('two copies of one package that change places are another digest', async () => {
  using home = new TempHome();
  const write = (top: string, nested: string) => {
    home.write('p/node_modules/a/package.json', { dependencies: { b: '*' } });
    home.write('p/node_modules/b/index.js', top);
    home.write('p/other/node_modules/b/index.js', nested);
  };
  home.write('p/srv.mjs', "import 'a';\nimport './other/x.mjs';\n");
  home.write('p/other/x.mjs', "import 'b';\n");
  const entry = { command: 'node', args: ['p/srv.mjs'], cwd: home.path };
  write('1', '2');
  const { digest } = (await scanEntry(home, entry)).server.closure;
  write('2', '1');
  assert.notEqual((await scanEntry(home, entry)).server.closure.digest, digest);
});

test('a real server brings its SDK and all that the SDK requires', async () => {
  using home = new TempHome();
  const from = join(CHECKOUT_MODULES, '@modelcontextprotocol/server-everything');
  mkdirSync(join(home.path, 'p'));
  symlinkSync(CHECKOUT_MODULES, join(home.path, 'p/node_modules'));
  const installed = await scanEntry(home, {
    command: 'npx',
    args: ['@modelcontextprotocol/server-everything', 'stdio'],
    cwd: join(home.path, 'p'),
  });
  const packages = installed.server.closure.artefacts.filter(({ role }) => role === 'package');
  const names = new Set(packages.map(({ path }) => path.slice(CHECKOUT_MODULES.length + 1)));
  for (const name of [
    '@modelcontextprotocol/server-everything',
    '@modelcontextprotocol/sdk',
    'express',
    'qs',
    'zod',
  ])
    assert.ok(names.has(name), name);
  assert.ok(!names.has('typescript'));
  cpSync(from, join(home.path, 'alone/node_modules/@modelcontextprotocol/server-everything'), {
    recursive: true,
  });
  const alone = await scanEntry(home, {
    command: 'node',
    args: [join(home.path, 'alone/node_modules/@modelcontextprotocol/server-everything/dist/index.js')],
  });
  assert.ok(
    describeClosure(alone).includes(
      'unresolved @modelcontextprotocol/sdk (a package requires this one, which is not installed)',
    ),
  );
});

function filesOf(paths: readonly string[]): readonly string[] {
  const all = paths.flatMap((path) =>
    statSync(path).isFile()
      ? [path]
      : readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((item) => item.isFile())
          .map((item) => join(item.parentPath, item.name)),
  );
  return [...new Set(all)];
}
