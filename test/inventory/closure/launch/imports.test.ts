// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configs, not templates
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { TempHome } from '../../temp-home.ts';
import { describeClosure, scanEntry } from '../closures.ts';

const MISSING = '(imported module is not found)';

/** What a script at `~/p/main.EXT` brings, itself and the manifests left out. */
async function imported(
  home: TempHome,
  text: string,
  command = 'node',
  env: object = {},
): Promise<readonly string[]> {
  const script = command === 'python3' ? 'main.py' : 'main.ts';
  home.write(`p/${script}`, text);
  const found = await scanEntry(home, { command, args: [script], cwd: `${home.path}/p`, env });
  return describeClosure(found).filter((line) => !/^(?:config|script|interpreter|lockfile) /.test(line));
}

test('JavaScript imports are resolved by ending, index, main and TypeScript spelling', async () => {
  using home = new TempHome();
  for (const path of ['a.js', 'dir/index.ts', 'b.ts', 'c.tsx', 'mainly/lib/m.js', 'd.json', 'e.cjs', 'w.js'])
    home.write(`p/${path}`, '');
  home.write('p/mainly/package.json', { main: 'lib/m' });
  const text = `
    import './a'; export * from './dir'; import b from './b.js'; import { c } from './c.js?x';
    const m = require('./mainly'), d = require('./d.json'); require.resolve('./e.cjs');
    new Worker(new URL('w.js', import.meta.url));`;
  assert.deepEqual(
    await imported(home, text),
    ['a.js', 'b.ts', 'c.tsx', 'd.json', 'dir/index.ts', 'e.cjs', 'mainly/lib/m.js', 'w.js'].map(
      (path) => `helper ~/p/${path}`,
    ),
  );
});

test('names that the project maps are resolved: #imports, its own name, tsconfig paths', async () => {
  using home = new TempHome();
  for (const path of ['src/int.js', 'src/alt.js', 'src/x/deep.js', 'src/own.js', 'lib/util.ts'])
    home.write(`p/${path}`, '');
  home.write('p/package.json', {
    name: 'self',
    imports: { '#int': { node: './src/int.js', default: './src/alt.js' }, '#x/*': './src/x/*.js' },
    exports: { '.': './src/own.js' },
  });
  home.write(
    'p/tsconfig.json',
    '{ // paths\n "compilerOptions": { "paths": { "@lib/*": ["./lib/*"], }, }, }',
  );
  assert.deepEqual(
    await imported(
      home,
      "import '#int';\nimport '#x/deep';\nimport 'self';\nimport '@lib/util';\nimport '#gone';\n",
    ),
    [
      ...['lib/util.ts', 'src/alt.js', 'src/int.js', 'src/own.js', 'src/x/deep.js'].map(
        (path) => `helper ~/p/${path}`,
      ),
      `unresolved #gone ${MISSING}`,
    ],
  );
});

test('what the code surely asks for and is not there is unresolved; comments, types and guesses are not', async () => {
  using home = new TempHome();
  const text = `
// import './in-comment.js';
/* import 'in-block'; */
import type { T } from 'only-type';
import fs, { x } from 'fs';
import { test } from 'node:test';
import {
  a,
} from 'gone-package/sub';
import './gone.js';
const lazy = require('gone-require');
try { require('optional'); } catch {}
const help = "run: require('in-a-string')";
`;
  assert.deepEqual(await imported(home, text), [
    `unresolved ./gone.js ${MISSING}`,
    `unresolved gone-package/sub ${MISSING}`,
    `unresolved gone-require ${MISSING}`,
  ]);
});

test('a linked workspace package is sealed where it really lies', async () => {
  using home = new TempHome();
  home.write('ws/package.json', { name: 'ws', dependencies: { dep: '1' } });
  home.write('ws/node_modules/dep/index.js', '');
  mkdirSync(`${home.path}/p/node_modules`, { recursive: true });
  symlinkSync('../../ws', `${home.path}/p/node_modules/ws`);
  assert.deepEqual(await imported(home, "import 'ws';\n"), ['package ${package}/ws']);
});

test('Python imports come from beside the script, PYTHONPATH and installed packages', async () => {
  using home = new TempHome();
  home.write('bin/python3', '', 0o755);
  home.write('p/pkg/__init__.py', '');
  home.write('p/pkg/one.py', 'from .. import outside\nfrom .two import (\n  x,  # why\n  y,\n)\n');
  home.write('p/pkg/two.py', '');
  home.write('p/spaced/mod.py', '');
  home.write('extra/fromenv.py', 'import nested_env\n');
  home.write('extra/nested_env.py', '');
  home.write('system/usr/lib/python3/dist-packages/single.py', '');
  const text = `import os.path, sys
from pkg import one
import spaced.mod
import fromenv, single
import gone_module
try:
    import optional_module
except ImportError:
    pass
`;
  const found = await imported(home, text, 'python3', { PYTHONPATH: `${home.path}/extra` });
  assert.deepEqual(found, [
    'helper ~/extra/fromenv.py',
    'helper ~/extra/nested_env.py',
    'helper ~/p/pkg/__init__.py',
    'helper ~/p/pkg/one.py',
    'helper ~/p/pkg/two.py',
    'helper ~/p/spaced/mod.py',
    'helper ~/system/usr/lib/python3/dist-packages/single.py',
    'unresolved gone_module (imported python module is not found)',
  ]);
});

test('imports that form a ring, and one of itself, end', async () => {
  using home = new TempHome();
  home.write('p/a.js', "import './b.js';\nimport './main.ts';\n");
  home.write('p/b.js', "import './a.js';\nimport './b.js';\n");
  home.write('p/node_modules/x/package.json', { dependencies: { y: '1' } });
  home.write('p/node_modules/y/package.json', { dependencies: { x: '1' } });
  assert.deepEqual(await imported(home, "import './a.js';\nimport 'x';\n"), [
    'helper ~/p/a.js',
    'helper ~/p/b.js',
    'package ${package}/x',
    'package ${package}/y',
  ]);
});

test('a manifest that is hostile names nothing outside node_modules', async () => {
  using home = new TempHome();
  home.write('secret/package.json', { name: 'secret' });
  home.write('p/node_modules/x/package.json', {
    dependencies: { '../../../secret': '1', '.': '1', '..': '1', __proto__: '1', 'a/b/c': '1' },
    optionalDependencies: [],
    peerDependencies: 7,
  });
  assert.deepEqual(await imported(home, "import 'x';\n"), ['package ${package}/x']);
});
