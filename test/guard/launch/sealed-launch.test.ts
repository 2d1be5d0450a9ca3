import assert from 'node:assert/strict';
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { TempDirectory } from '../../temp-directory.ts';
import { digests, launch, node, outcome, skip } from './launches.ts';

const APPROVED = '#!/bin/sh\necho approved\n';

describe('what a strict launch holds to its list', { skip, concurrency: 2 }, () => {
  test('an approved script runs, with its exit status', async () => {
    using directory = new TempDirectory();
    const script = directory.write('run.sh', '#!/bin/sh\necho "$0 $1"\nexit 7\n', 0o755);
    const ran = await outcome([script, 'word'], { sealed: { files: digests(script) } });
    assert.deepEqual(ran, { output: `${script} word\n`, end: { code: 7, signal: null }, refused: [] });
  });

  test('a script that was changed does not run its first instruction', async () => {
    using directory = new TempDirectory();
    const script = directory.write('run.sh', APPROVED, 0o755);
    const files = digests(script);
    directory.write('run.sh', '#!/bin/sh\necho evil\n', 0o755);
    const asProgram = await outcome([script], { sealed: { files } });
    assert.equal(asProgram.output, '');
    assert.match(asProgram.refused.join(), /run\.sh/);
    const asArgument = await outcome(['/bin/sh', script], { sealed: { files } });
    assert.deepEqual(asArgument, {
      output: '',
      end: { code: null, signal: 'SIGKILL' },
      refused: [script],
    });
  });

  test('a first line that carries the whole attack is not carried out', async () => {
    using directory = new TempDirectory();
    const script = directory.write('run.sh', APPROVED, 0o755);
    const files = digests(script);
    directory.write('run.sh', `#!/usr/bin/env -S touch ${directory.at('marker')}\n`, 0o755);
    const ran = await outcome([script], { sealed: { files } });
    assert.equal(ran.output, '');
    assert.match(ran.refused.join(), /run\.sh/);
    assert.throws(() => directory.read('marker'));
  });

  test('a module that was changed is not loaded, in Node and in Python, by whatever way it is imported', async () => {
    using directory = new TempDirectory();
    const main = directory.write('main.mjs', "import './part.mjs';\n");
    const part = directory.write('part.mjs', "console.log('approved');\n");
    const program = directory.write('main.py', 'import part\n');
    const module = directory.write('part.py', "print('approved')\n");
    const files = digests(main, part, program, module);
    assert.equal((await outcome([node, main], { sealed: { files } })).output, 'approved\n');
    assert.equal((await outcome(['/usr/bin/python3', program], { sealed: { files } })).output, 'approved\n');
    directory.write('part.mjs', "console.log('evil');\n");
    directory.write('part.py', "print('evil')\n");
    const inNode = await outcome([node, main], { sealed: { files } });
    assert.deepEqual([inNode.output, inNode.refused], ['', [part]]);
    const inPython = await outcome(['/usr/bin/python3', program], { sealed: { files } });
    assert.deepEqual([inPython.output, inPython.refused], ['', [module]]);
    const byImport = await outcome([node, '--import', part, '-e', '0'], { sealed: { files } });
    assert.deepEqual([byImport.output, byImport.refused], ['', [part]]);
  });

  test("bytecode that Python keeps beside a source is not loaded in the source's place", async () => {
    using directory = new TempDirectory();
    const module = directory.write('part.py', "print('approved')\n");
    const program = directory.write('main.py', 'import part\n');
    const evil = directory.write('other/part.py', "print('evil!!!!')\n");
    const compile =
      'import sys,py_compile,os,importlib.util as u; s=os.stat(sys.argv[2]); os.utime(sys.argv[1],(s.st_atime,s.st_mtime)); print(py_compile.compile(sys.argv[1],cfile=u.cache_from_source(sys.argv[2]),doraise=True))';
    const made = await outcome(['/usr/bin/python3', '-c', compile, evil, module], { mode: 'plain' });
    assert.match(made.output, /__pycache__/);
    const plain = await outcome(['/usr/bin/python3', program], { mode: 'plain' });
    assert.equal(plain.output, 'evil!!!!\n', 'the bytecode is taken for that of the source');
    const ran = await outcome(['/usr/bin/python3', program], { sealed: { files: digests(program, module) } });
    assert.deepEqual([ran.output, ran.refused], ['approved\n', []]);
  });

  test('a file that is new in a sealed tree is refused, what is left out of it is not', async () => {
    using directory = new TempDirectory();
    const text = "try { require('./plugins/one.js'); } catch {}\nconsole.log('loaded');\n";
    const main = directory.write('pkg/main.js', text);
    const left = directory.write('pkg/.git/x.js', "console.log('left out');\n");
    const tree = { files: digests(main), trees: [directory.at('pkg')], exempt: [directory.at('pkg/.git')] };
    assert.equal((await outcome([node, main], { sealed: tree })).output, 'loaded\n');
    assert.equal((await outcome([node, left], { sealed: tree })).output, 'left out\n');
    const added = directory.write('pkg/plugins/one.js', "console.log('evil');\n");
    const ran = await outcome([node, main], { sealed: tree });
    assert.deepEqual([ran.output, ran.refused], ['', [added]]);
  });

  test('a link of a tree may lead into a tree, and nowhere else', async () => {
    using directory = new TempDirectory();
    const main = directory.write('pkg/main.js', "require('dep');\n");
    const dep = directory.write('pkg/store/dep/index.js', "console.log('approved');\n");
    directory.write('evil/index.js', "console.log('evil');\n");
    directory.write('pkg/node_modules/.keep', '');
    const link = directory.at('pkg/node_modules/dep');
    symlinkSync('../store/dep', link);
    const sealed = { files: digests(main, dep), trees: [directory.at('pkg')] };
    assert.equal((await outcome([node, main], { sealed })).output, 'approved\n');
    rmSync(link);
    symlinkSync('../../evil', link);
    const ran = await outcome([node, main], { sealed });
    assert.equal(ran.output, '');
    assert.equal(ran.refused.length, 1);
  });

  test('the directory that a server started in keeps its name when it is moved away', async () => {
    using directory = new TempDirectory();
    const text = "import os\ninput()\nprint(os.getcwd())\nexec(open('part.py').read())\n";
    const main = directory.write('app/main.py', text);
    const part = directory.write('app/part.py', "print('approved')\n");
    const sealed = { files: digests(main, part) };
    const cwd = directory.at('app');
    const stayed = await launch(['/usr/bin/python3', 'main.py'], { sealed, cwd });
    stayed.server.stdin.write('\n');
    assert.equal(await stayed.output(), `${cwd}\napproved\n`);
    const moved = await launch(['/usr/bin/python3', '-c', text], { sealed, cwd });
    renameSync(cwd, directory.at('away'));
    directory.write('away/part.py', "print('evil')\n");
    moved.server.stdin.write('\n');
    assert.equal(await moved.output(), `${cwd}\n`);
  });

  test('a module that is new beside a listed script is not loaded in the place of another', async () => {
    using directory = new TempDirectory();
    const program = directory.write('main.py', "import json; print('loaded')\n");
    const sealed = { files: digests(program) };
    assert.equal((await outcome(['/usr/bin/python3', program], { sealed })).output, 'loaded\n');
    const shadow = directory.write('json/__init__.py', "print('evil')\n");
    const ran = await outcome(['/usr/bin/python3', program], { sealed });
    assert.deepEqual([ran.output, ran.refused], ['', [shadow]]);
  });

  test('a link leads where it was approved to lead', async () => {
    using directory = new TempDirectory();
    const main = directory.write('app/main.js', "require('./part.js');\n");
    const part = directory.write('app/part.js', "console.log('approved');\n");
    directory.write('evil/main.js', "console.log('evil');\n");
    const link = directory.at('current');
    symlinkSync(directory.at('app'), link);
    const name = `${link}/main.js`;
    const sealed = { files: digests(main, part), names: [name] };
    assert.equal((await outcome([node, name], { sealed })).output, 'approved\n');
    rmSync(link);
    symlinkSync(directory.at('evil'), link);
    const ran = await outcome([node, name], { sealed });
    assert.equal(ran.output, '');
    assert.match(ran.refused.join(), /main\.js/);
  });

  test('no link takes the place of a directory that was none', async () => {
    using directory = new TempDirectory();
    const main = directory.write('app/main.js', "console.log('approved');\n");
    // The same text, and something else beside it.
    directory.write('evil/main.js', directory.read('app/main.js'));
    const files = digests(main);
    renameSync(directory.at('app'), directory.at('away'));
    symlinkSync(directory.at('evil'), directory.at('app'));
    for (const words of [
      [node, main],
      ['/bin/sh', main],
    ]) {
      const ran = await outcome(words, { sealed: { files } });
      assert.equal(ran.output, '');
      assert.equal(ran.refused.length, 1);
    }
  });

  test('an interpreter that was swapped runs nothing', async () => {
    using directory = new TempDirectory();
    const interpreter = directory.write('bin/python', '#!/bin/sh\necho interpreter\n', 0o755);
    const script = directory.write('run', `#!${interpreter}\n`, 0o755);
    const files = digests(interpreter, script);
    assert.equal((await outcome([script], { sealed: { files } })).output, 'interpreter\n');
    directory.write('bin/python', '#!/bin/sh\necho evil\n', 0o755);
    const ran = await outcome([script], { sealed: { files } });
    assert.equal(ran.output, '');
    assert.equal(ran.refused.length, 1);
  });

  test('a program that is neither listed nor of the system is not executed until the server has answered', async () => {
    using directory = new TempDirectory();
    const tool = directory.write('tool', '#!/bin/sh\necho tool\n', 0o755);
    const script = directory.write('run.sh', `#!/bin/sh\nread line\n${tool}\n`, 0o755);
    const sealed = { files: digests(script) };
    const before = await launch([script], { sealed });
    before.server.stdin.write('\n');
    const [output] = await Promise.all([before.output(), before.server.ended]);
    assert.equal(output, '');
    assert.deepEqual(
      before.refused.map(({ path }) => path),
      [tool],
    );
    const patient = directory.write(
      'patient.sh',
      `#!/bin/sh\nuntil read line && ${tool}; do :; done\n`,
      0o755,
    );
    const after = await launch([patient], { sealed: { files: digests(patient) } });
    after.server.settled();
    // The launcher may see the program before it has read that the server has answered.
    const asking = setInterval(() => after.server.stdin.write('\n'), 20);
    try {
      assert.equal(await after.output(), 'tool\n');
    } finally {
      clearInterval(asking);
    }
  });

  test('what is imported late is verified too, and by the approval that counts then', async () => {
    using directory = new TempDirectory();
    const main = directory.write(
      'main.mjs',
      "process.stdin.once('data', async () => { await import('./late.mjs'); process.exit(0); });\n",
    );
    const late = directory.write('late.mjs', "console.log('approved');\n");
    const sealed = { files: digests(main, late) };
    const changed = await launch([node, main], { sealed });
    const approved = await launch([node, main], { sealed });
    for (const { server } of [changed, approved]) server.settled();
    directory.write('late.mjs', "console.log('approved anew');\n");
    approved.server.replaceFiles({ files: digests(main, late), names: [], trees: [], exempt: [] });
    for (const { server } of [changed, approved]) server.stdin.write('\n');
    const outputs = Promise.all([changed.output(), approved.output()]);
    await changed.server.ended;
    assert.deepEqual(await outputs, ['', 'approved anew\n']);
    assert.deepEqual(
      changed.refused.map(({ path }) => path),
      [late],
    );
  });

  test('what is not there is not there, and what was never sealed is let pass', async () => {
    using directory = new TempDirectory();
    const main = directory.write('pkg/main.py', '');
    const data = directory.write('data.txt', 'data\n');
    directory.write(
      'pkg/main.py',
      `try:\n  open('${directory.at('pkg/absent')}')\nexcept FileNotFoundError:\n  print('absent')\nprint(open('${data}').read(), end='')\nopen('${directory.at('pkg/new')}', 'w').write('x')\nprint('written')\n`,
    );
    const ran = await outcome(['/usr/bin/python3', main], {
      sealed: { files: digests(main), trees: [directory.at('pkg')] },
    });
    assert.deepEqual([ran.output, ran.refused], ['absent\ndata\nwritten\n', []]);
  });
});
