import { writeFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';
import { program, skip } from '../collectors/process/built-sensor.ts';
import { AttackedServer } from './attacked-server.ts';
import { type Evasion, SHELL, tells, testEvasions } from './evasion.ts';

const DASH = /\/dash$/;
/** What SHELL of the environment says, where a program asks. */
const ANY_SHELL = /\/(?:ba|da|z)?sh$/;
const PYTHON = '/usr/bin/python3';
const spawner = skip === false ? program('spawn') : '';

/** Ways to have a new process that are no plain fork. */
const WAYS: readonly Evasion[] = (
  [
    ['vfork', 'vfork'],
    ['posix_spawn', 'posix_spawn'],
    ['a double fork into a session of its own', 'double-fork'],
    ['clone with the parent of the parent', 'clone-parent'],
    ['clone with shared memory and no signal', 'shared-memory'],
    ['exec in a thread that is not the first', 'thread'],
  ] as const
).map(([name, way]) => ({
  name: `a shell by ${name}`,
  words: (mark) => [spawner, way, '/bin/sh', '-c', tells(mark)],
  rule: SHELL,
  image: DASH,
}));

/** Programs of every host that run others. */
const GO_BETWEENS: readonly Evasion[] = (
  [
    ['nothing between', (text) => ['/bin/sh', '-c', text]],
    ['env', (text) => ['env', 'sh', '-c', text]],
    ['setsid and nohup', (text) => ['setsid', '--wait', 'nohup', 'sh', '-c', text]],
    ['setsid that does not wait', (text) => ['setsid', '--fork', 'sh', '-c', text]],
    ['find -exec', (text) => ['find', '/dev/null', '-exec', 'sh', '-c', text, ';']],
    ['xargs', (text) => ['xargs', '-a', '/etc/hostname', 'sh', '-c', text]],
    ['script', (text) => ['script', '-qc', text, '/dev/null']],
    ['awk system()', (text) => ['awk', `BEGIN { system(${JSON.stringify(text)}) }`]],
    ['timeout', (text) => ['timeout', '9', 'sh', '-c', text]],
    ['nice and env -i', (text) => ['nice', 'env', '-i', '/bin/sh', '-c', text]],
  ] as const satisfies readonly (readonly [string, (text: string) => readonly string[]])[]
).map(([name, words]) => ({
  name: `a shell behind ${name}`,
  words: (mark) => words(tells(mark)),
  rule: SHELL,
  image: ANY_SHELL,
}));

const INTERPRETERS: readonly Evasion[] = [
  {
    name: 'env -S',
    words: (mark) => ['env', '-S', `sh -c ': ${mark}'`],
    rule: SHELL,
    image: DASH,
  },
  {
    name: 'perl system',
    words: (mark) => [
      'perl',
      '-e',
      `system("sh", "-c", 'read pid rest </proc/self/stat; echo pid $pid ${mark}')`,
    ],
    rule: SHELL,
    image: DASH,
    needs: ['perl', 'perl'],
  },
  {
    name: 'perl one-liner',
    words: (mark) => ['perl', '-we', `print "pid $$ ${mark}"`],
    rule: 'mcp_inline_code',
    image: /\/perl$/,
    needs: ['perl', 'perl'],
  },
  {
    name: 'python os.system',
    words: (mark) => [PYTHON, '-Ic', `import os; os.system('echo pid $$ ${mark}')`],
    rule: SHELL,
    image: DASH,
    needs: [PYTHON, 'python3'],
  },
  {
    name: 'python one-liner',
    words: (mark) => [PYTHON, '-c', `import os; print("pid", os.getpid(), "${mark}")`],
    rule: 'mcp_inline_code',
    image: /\/python3[.0-9]*$/,
    needs: [PYTHON, 'python3'],
  },
  {
    name: 'node one-liner',
    words: (mark) => [process.execPath, '-e', `console.log("pid " + process.pid, "${mark}")`],
    rule: 'mcp_inline_code',
    image: /\/node$/,
  },
  {
    name: 'python one-liner under another argv[0]',
    words: (mark) => ['bash', '-c', 'exec -a "backup tool" "$@"', mark, PYTHON, '-c', `print("${mark}")`],
    rule: 'mcp_inline_code',
    image: /\/python3[.0-9]*$/,
    needs: [PYTHON, 'python3'],
  },
  {
    name: 'node one-liner in a URL',
    words: (mark) => [
      process.execPath,
      `--import=data:text/javascript,process.exit(0)/*${mark}*/`,
      '/dev/null',
    ],
    rule: 'mcp_inline_code',
    image: /\/node$/,
  },
  {
    name: 'node execSync',
    words: (mark) => [
      process.execPath,
      '-p',
      `String(require("child_process").execSync("echo pid $$ ${mark}"))`,
    ],
    rule: SHELL,
    image: DASH,
  },
  {
    name: 'a #! script',
    prepare: (directory) => writeFileSync(`${directory}/s`, '#!/bin/sh\necho pid $$\n', { mode: 0o755 }),
    words: (mark, directory) => [`${directory}/s`, mark],
    rule: SHELL,
    image: DASH,
  },
  {
    name: 'a #! script of env -S',
    prepare: (directory) =>
      writeFileSync(`${directory}/s`, '#!/usr/bin/env -S sh -e\necho pid $$\n', { mode: 0o755 }),
    words: (mark, directory) => [`${directory}/s`, mark],
    rule: SHELL,
    image: DASH,
  },
  {
    name: 'a script without #!, which execvp gives to a shell',
    prepare: (directory) => writeFileSync(`${directory}/s`, 'echo pid $$\n', { mode: 0o755 }),
    words: (mark, directory) => ['env', `${directory}/s`, mark],
    rule: SHELL,
    image: DASH,
  },
];

describe('shells and code that a server starts', { skip, timeout: 120_000 }, () => {
  let attacked: AttackedServer;
  before(async () => {
    attacked = await AttackedServer.start();
  });
  after(() => attacked.stop());
  testEvasions([...WAYS, ...GO_BETWEENS, ...INTERPRETERS], () => attacked);
});
