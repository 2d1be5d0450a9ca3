import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync, symlinkSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, test } from 'node:test';
import { HashCache } from '../../../inventory/index.ts';
import { program } from '../../compiled-program.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { digests, node, outcome, skip } from './launches.ts';

const path = `${dirname(node)}:/usr/bin:/bin`;
const env = { ...process.env, PATH: path };
const PARALLEL = 64;

describe('ways in which servers are started', { skip, concurrency: 2 }, () => {
  test('a runner that starts a shell that starts a linked script', async () => {
    using directory = new TempDirectory();
    const main = directory.write(
      'node_modules/pkg/cli.js',
      "#!/usr/bin/env node\nconsole.log('served');\n",
      0o755,
    );
    directory.write('node_modules/.bin/README', '');
    symlinkSync('../pkg/cli.js', directory.at('node_modules/.bin/serve'));
    const runner = directory.write(
      'runner.js',
      "require('child_process').spawn('sh', ['-c', 'serve'], { stdio: 'inherit' });\n",
    );
    const sealed = {
      files: digests(node, main, runner, directory.at('node_modules/.bin/README')),
      trees: [directory.at('node_modules')],
    };
    const chain = { ...env, PATH: `${directory.at('node_modules/.bin')}:${path}` };
    const ran = await outcome([node, runner], { sealed, env: chain });
    assert.deepEqual(ran, { output: 'served\n', end: { code: 0, signal: null }, refused: [] });
    directory.write('node_modules/pkg/cli.js', "#!/usr/bin/env node\nconsole.log('evil');\n", 0o755);
    const changed = await outcome([node, runner], { sealed, env: chain });
    assert.equal(changed.output, '');
    assert.match(changed.refused.join(), /serve|cli\.js/);
  });

  test("a virtual environment's interpreter runs a module of it", async () => {
    using directory = new TempDirectory();
    execFileSync('/usr/bin/python3', ['-m', 'venv', '--without-pip', directory.at('venv')]);
    const version = execFileSync('/usr/bin/python3', [
      '-c',
      'import sys; print("%d.%d" % sys.version_info[:2], end="")',
    ]);
    const packages = `venv/lib/python${version}/site-packages`;
    const main = directory.write(
      `${packages}/server/__main__.py`,
      'import sys; from . import part; print(part.word, sys.prefix)\n',
    );
    const init = directory.write(`${packages}/server/__init__.py`, '');
    const part = directory.write(`${packages}/server/part.py`, "word = 'approved'\n");
    const name = directory.at('venv/bin/python3');
    const interpreter = execFileSync('readlink', ['-f', name], { encoding: 'utf8' }).trim();
    const sealed = {
      files: digests(interpreter, main, init, part, directory.at('venv/pyvenv.cfg')),
      names: [name],
      trees: [directory.at(packages)],
    };
    const ran = await outcome([name, '-m', 'server'], { sealed, env });
    assert.deepEqual([ran.output, ran.refused], [`approved ${directory.at('venv')}\n`, []]);
    directory.write(`${packages}/server/part.py`, "word = 'evil!!!!'\n");
    const changed = await outcome([name, '-m', 'server'], { sealed, env });
    assert.deepEqual([changed.output, changed.refused], ['', [part]]);
  });

  test('a native module is loaded from what was verified', async () => {
    using directory = new TempDirectory();
    const approved = program('addon', '-shared', '-fPIC', '-DCONTENT="approved"');
    const addon = directory.at('addon.node');
    execFileSync('cp', [approved, addon]);
    const main = directory.write('main.js', "require('./addon.node');\n");
    const files = digests(main, addon);
    assert.equal((await outcome([node, main], { sealed: { files } })).output, 'approved\n');
    execFileSync('cp', [program('addon', '-shared', '-fPIC', '-DCONTENT="evil"'), addon]);
    const ran = await outcome([node, main], { sealed: { files } });
    assert.deepEqual([ran.output, ran.refused], ['', [addon]]);
  });

  test('an approved binary runs, another in its place does not', async () => {
    using directory = new TempDirectory();
    const binary = directory.at('server');
    execFileSync('cp', [program('say', '-DCONTENT="approved"'), binary]);
    const files = digests(binary);
    assert.equal((await outcome([binary], { sealed: { files } })).output, 'approved\n');
    execFileSync('cp', ['--remove-destination', program('say', '-DCONTENT="evil"'), binary]);
    const ran = await outcome([binary], { sealed: { files } });
    assert.equal(ran.output, '');
    assert.match(ran.refused.join(), /server/);
  });

  test('a digest that is known for a file as it stands is not computed again', async () => {
    using directory = new TempDirectory();
    const binary = directory.at('server');
    execFileSync('cp', [program('say', '-DCONTENT="approved"'), binary]);
    const files = digests(binary);
    execFileSync('cp', ['--remove-destination', program('say', '-DCONTENT="other"'), binary]);
    const hashes = new HashCache();
    hashes.set(statSync(binary, { bigint: true }), files.get(binary) ?? '', Number.MAX_SAFE_INTEGER);
    assert.equal((await outcome([binary], { sealed: { files }, hashes })).output, 'other\n');
    utimesSync(binary, 1, 1);
    assert.equal((await outcome([binary], { sealed: { files }, hashes })).output, '');
  });

  for (const way of ['vfork', 'posix_spawn', 'double-fork', 'clone-parent', 'shared-memory', 'thread']) {
    test(`a program is started by ${way}, and a changed one is not`, async () => {
      using directory = new TempDirectory();
      const spawner = program('spawn');
      const script = directory.write('run.sh', '#!/bin/sh\necho approved\n', 0o755);
      const files = digests(spawner, script);
      assert.equal((await outcome([spawner, way, script], { sealed: { files } })).output, 'approved\n');
      directory.write('run.sh', '#!/bin/sh\necho evil\n', 0o755);
      const ran = await outcome([spawner, way, script], { sealed: { files } });
      assert.deepEqual([ran.output, ran.refused], ['', [script]]);
    });
  }

  test('the program of a file descriptor is held to the list', async () => {
    using directory = new TempDirectory();
    const runner = program('memfd-exec');
    const files = digests(runner);
    const ran = await outcome([runner, '/bin/echo', 'evil'], { sealed: { files } });
    assert.equal(ran.output, '');
    assert.equal(ran.refused.length, 1);
    const script = directory.write('run.sh', '#!/bin/sh\necho approved\n', 0o755);
    const python = `import os; fd = os.open('${script}', os.O_RDONLY); os.set_inheritable(fd, True); os.execve(fd, ['x'], {})`;
    const byHandle = python.replace('O_RDONLY', 'O_PATH');
    const sealed = { files: digests(script) };
    const listed = await outcome(['/usr/bin/python3', '-c', byHandle], { sealed });
    assert.equal(listed.output, 'approved\n');
    directory.write('run.sh', '#!/bin/sh\necho evil\n', 0o755);
    assert.equal((await outcome(['/usr/bin/python3', '-c', byHandle], { sealed })).output, '');
  });

  test('threads and processes that open files at the same time all get theirs', async () => {
    using directory = new TempDirectory();
    const parts = Array.from({ length: PARALLEL }, (_, index) =>
      directory.write(`part-${index}.mjs`, `export default ${index};\n`),
    );
    const main = directory.write(
      'main.mjs',
      `import { readFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
const names = Array.from({ length: ${PARALLEL} }, (_, index) => import.meta.dirname + '/part-' + index + '.mjs');
const cats = names.map((name) => new Promise((done) => execFile('/bin/cat', [name], (_, text) => done(text))));
const read = await Promise.all(names.map((name) => readFile(name, 'utf8')));
const loaded = await Promise.all(names.map((name) => import(name)));
console.log(new Set([...read, ...(await Promise.all(cats))]).size, new Set(loaded.map((one) => one.default)).size);
`,
    );
    const ran = await outcome([node, main], { sealed: { files: digests(main, ...parts) } });
    assert.deepEqual([ran.output, ran.refused], [`${PARALLEL} ${PARALLEL}\n`, []]);
  });
});
