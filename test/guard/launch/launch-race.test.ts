import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, symlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { program } from '../../compiled-program.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { digests, type Launch, node, outcome, skip } from './launches.ts';

const AT_ONCE = 4;
/** Launches go on until both outcomes were seen, but no longer than this many times what was asked for. */
const PATIENCE = 8;

interface Race {
  readonly words: readonly string[];
  readonly how: Launch;
  readonly launches: number;
  /** Made by what was not approved. */
  readonly marker: string;
}

/** Launches again and again: each time the approved text runs whole, or nothing does. */
async function race({ words, how, launches, marker }: Race): Promise<{ ran: number; refused: number }> {
  const seen = { ran: 0, refused: 0 };
  const isOver = () => {
    const done = seen.ran + seen.refused;
    return done >= launches * PATIENCE || (done >= launches && seen.ran > 0 && seen.refused > 0);
  };
  const runner = async () => {
    while (!isOver()) {
      const { output, end, refused } = await outcome(words, how);
      if (refused.length === 0) {
        assert.deepEqual([output, end], ['approved\n', { code: 0, signal: null }]);
        seen.ran += 1;
      } else {
        assert.equal(output, '');
        seen.refused += 1;
      }
      assert.equal(existsSync(marker), false, 'something ran that was not approved');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  assert.ok(seen.ran > 0 && seen.refused > 0, `only one outcome was seen: ${JSON.stringify(seen)}`);
  return seen;
}

async function during<T>(words: readonly string[], run: () => Promise<T>): Promise<T> {
  const [path = '', ...args] = words;
  const writer: ChildProcess = spawn(path, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  try {
    return await run();
  } finally {
    const left = once(writer, 'exit');
    writer.stdin?.end();
    await left;
  }
}

/** Comments up to a length, so that both texts have the same. */
function padded(text: string, comment: string): string {
  return `${text}${comment}${'x'.repeat(400 - text.length)}\n`;
}

const flip = skip === false ? program('flip') : '';

describe('a writer flips what is launched as fast as it can', { skip }, () => {
  for (const way of ['rename', 'write', 'truncate']) {
    test(`a script of a shell, by ${way}`, async () => {
      using directory = new TempDirectory();
      const marker = directory.at('marker');
      const one = directory.write('one', padded('#!/bin/sh\necho approved\n', '#'), 0o755);
      const other = directory.write('other', padded(`#!/bin/sh\ntouch ${marker}\necho evil\n`, '#'), 0o755);
      const script = directory.at('run.sh');
      copyFileSync(one, script);
      const files = digests(script);
      await during([flip, way, script, one, other], async () => {
        const how = { sealed: { files } };
        // What somebody has open for writing is hardly ever executed by the kernel itself.
        if (way !== 'truncate') await race({ words: [script], how, launches: 80, marker });
        await race({ words: ['/bin/sh', script], how, launches: 40, marker });
      });
    });
  }

  test('a first line that carries the attack', async () => {
    using directory = new TempDirectory();
    const marker = directory.at('marker');
    const one = directory.write('one', '#!/usr/bin/env sh\necho approved\n', 0o755);
    const other = directory.write('other', `#!/usr/bin/env -S touch ${marker}\n`, 0o755);
    const script = directory.at('run.sh');
    copyFileSync(one, script);
    const how = { sealed: { files: digests(script) } };
    await during([flip, 'rename', script, one, other], () =>
      race({ words: [script], how, launches: 80, marker }),
    );
  });

  test('a binary', async () => {
    using directory = new TempDirectory();
    const marker = directory.at('marker');
    const one = directory.at('one');
    copyFileSync(program('say', '-DCONTENT="approved"'), one);
    const other = program('say', '-DCONTENT="evil"', `-DMARKER="${marker}"`);
    const binary = directory.at('server');
    copyFileSync(one, binary);
    const how = { sealed: { files: digests(binary) } };
    await during([flip, 'rename', binary, one, other], () =>
      race({ words: [binary], how, launches: 50, marker }),
    );
  });

  for (const way of ['rename', 'write']) {
    test(`a module that Node and Python import, by ${way}`, async () => {
      using directory = new TempDirectory();
      const marker = directory.at('marker');
      const evilNode = `require('fs').writeFileSync('${marker}', ''); console.log('evil');\n`;
      const node1 = directory.write('n1', padded("console.log('approved');\n", '//'));
      const node2 = directory.write('n2', padded(evilNode, '//'));
      const part = directory.at('app/part.js');
      const main = directory.write('app/main.js', "require('./part.js');\n");
      copyFileSync(node1, part);
      const python1 = directory.write('p1', padded("print('approved')\n", '#'));
      const python2 = directory.write('p2', padded(`open('${marker}', 'w'); print('evil')\n`, '#'));
      const module = directory.at('app/part.py');
      const program = directory.write('app/main.py', 'import part\n');
      copyFileSync(python1, module);
      const how = { sealed: { files: digests(main, part, program, module), trees: [directory.at('app')] } };
      // What the writer puts beside it belongs to no approval, and is not asked for.
      await during([flip, way, part, node1, node2], () =>
        race({ words: [node, main], how, launches: 15, marker }),
      );
      await during([flip, way, module, python1, python2], () =>
        race({ words: ['/usr/bin/python3', '-B', program], how, launches: 15, marker }),
      );
    });
  }

  test('a link on the way, which Node follows by itself', async () => {
    using directory = new TempDirectory();
    const marker = directory.at('marker');
    const main = directory.write('app/main.js', "console.log('approved');\n");
    directory.write('evil/main.js', `require('fs').writeFileSync('${marker}', ''); console.log('evil');\n`);
    const link = directory.at('current');
    symlinkSync(directory.at('app'), link);
    const name = `${link}/main.js`;
    const how = { sealed: { files: digests(main), names: [name] } };
    await during([flip, 'link', link, directory.at('app'), directory.at('evil')], async () => {
      await race({ words: [node, name], how, launches: 40, marker });
      await race({
        words: ['/usr/bin/python3', '-c', `exec(open('${name}').read().replace('console.log', 'print'))`],
        how,
        launches: 20,
        marker,
      });
    });
  });

  test('a link that a shell goes along', async () => {
    using directory = new TempDirectory();
    const marker = directory.at('marker');
    const main = directory.write('app/main.sh', 'echo approved\n');
    directory.write('evil/main.sh', `touch ${marker}\necho evil\n`);
    const link = directory.at('current');
    symlinkSync(directory.at('app'), link);
    const how = { sealed: { files: digests(main), names: [`${link}/main.sh`] } };
    const words = ['/bin/sh', '-c', `cd ${link} && . ./main.sh`];
    await during([flip, 'link', link, directory.at('app'), directory.at('evil')], () =>
      race({ words, how, launches: 80, marker }),
    );
  });
});
