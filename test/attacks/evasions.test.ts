import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, linkSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Alert } from '../../wire/index.ts';
import { program, skip } from '../collectors/process/built-sensor.ts';
import { haveProgram } from '../debian-package.ts';
import { Host, type Program, until } from '../e2e/host.ts';

/**
 * A server that runs each line of its stdin, words as JSON, without a shell between, and says so at the end. It
 * waits for nothing else, so that what it starts can be gone within a millisecond.
 */
const SERVER = `
const { spawnSync } = require('node:child_process');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { words, options } = JSON.parse(line);
  spawnSync(words[0], words.slice(1), { stdio: 'ignore', ...options });
  console.log('done');
});
`;

/** How an attacker runs a command out of sight; each ends in an alert with these fields. */
interface Evasion {
  readonly name: string;
  /** What lies there already: the server itself only starts it. */
  readonly prepare?: (places: Places) => void;
  readonly words: (places: Places, mark: string) => readonly string[];
  readonly rule: string;
  /** End of the program's path in the alert, where it matters. */
  readonly image?: RegExp;
  /** Debian package and program that it takes. */
  readonly needs?: readonly [string, string, string?];
}

interface Places {
  readonly directory: string;
  readonly memfd: string;
}

const sh = (text: string) => ['/bin/sh', '-c', text] as const;
const SHELL = 'mcp_shell_spawn';

const EVASIONS: readonly Evasion[] = [
  {
    name: 'a shell that is gone at once',
    words: (_, mark) => sh(`: ${mark}`),
    rule: SHELL,
    image: /\/dash$/,
  },
  { name: 'posix_spawn, as env calls it', words: (_, mark) => ['env', 'sh', '-c', `: ${mark}`], rule: SHELL },
  { name: 'env -S', words: (_, mark) => ['env', '-S', `sh -c ':${mark}'`], rule: SHELL },
  {
    name: 'a double fork',
    words: (_, mark) => [
      'python3',
      '-c',
      `import os\nif os.fork()==0:\n  if os.fork()==0: os.execv('/bin/sh',['sh','-c',': ${mark}'])\n  os._exit(0)\nos.wait()`,
    ],
    rule: SHELL,
    needs: ['python3', 'python3'],
  },
  {
    name: 'setsid and nohup',
    words: (_, mark) => ['setsid', '--wait', 'nohup', 'sh', '-c', `: ${mark}`],
    rule: SHELL,
  },
  {
    name: 'another argv[0]',
    words: (_, mark) => ['bash', '-c', `exec -a systemd sh -c ': ${mark}'`],
    rule: SHELL,
    image: /\/dash$/,
  },
  {
    name: 'find -exec',
    words: (_, mark) => ['find', '/dev/null', '-exec', 'sh', '-c', `: ${mark}`, ';'],
    rule: SHELL,
  },
  {
    name: 'xargs',
    words: (_, mark) => ['xargs', '-a', '/etc/hostname', 'sh', '-c', `: ${mark}`],
    rule: SHELL,
  },
  { name: 'script', words: (_, mark) => ['script', '-qc', `: ${mark}`, '/dev/null'], rule: SHELL },
  { name: 'awk system()', words: (_, mark) => ['awk', `BEGIN { system(": ${mark}") }`], rule: SHELL },
  {
    name: 'perl system',
    words: (_, mark) => ['perl', '-e', `system("sh", "-c", ": ${mark}")`],
    rule: SHELL,
    needs: ['perl', 'perl'],
  },
  {
    name: 'python one-liner',
    words: (_, mark) => ['python3', '-c', `"${mark}"`],
    rule: 'mcp_inline_code',
    needs: ['python3', 'python3'],
  },
  {
    name: 'node one-liner',
    words: (_, mark) => [process.execPath, '-e', `"${mark}"`],
    rule: 'mcp_inline_code',
  },
  {
    name: 'a #! script',
    prepare: ({ directory }) => writeFileSync(`${directory}/s`, '#!/bin/sh\n:\n', { mode: 0o755 }),
    words: ({ directory }, mark) => [`${directory}/s`, mark],
    rule: SHELL,
    image: /\/dash$/,
  },
  {
    name: 'a symlink to a shell',
    prepare: ({ directory }) => symlinkSync('/bin/sh', `${directory}/link`),
    words: ({ directory }, mark) => [`${directory}/link`, '-c', `: ${mark}`],
    rule: SHELL,
    image: /\/dash$/,
  },
  {
    name: 'a copied shell',
    prepare: ({ directory }) => copyFileSync('/bin/sh', `${directory}/updater`),
    words: ({ directory }, mark) => [`${directory}/updater`, '-c', `: ${mark}`],
    rule: 'mcp_renamed_shell',
    image: /\/updater$/,
  },
  {
    name: 'a hard link to a shell',
    prepare: ({ directory }) => {
      copyFileSync('/bin/sh', `${directory}/sh`);
      linkSync(`${directory}/sh`, `${directory}/other`);
    },
    words: ({ directory }, mark) => [`${directory}/other`, '-c', `: ${mark}`],
    rule: 'mcp_renamed_shell',
    image: /\/other$/,
  },
  {
    name: 'busybox',
    words: (_, mark) => ['busybox', 'sh', '-c', `: ${mark}`],
    rule: SHELL,
    needs: ['busybox', 'busybox', '--list'],
  },
  {
    name: 'a deleted program',
    words: ({ directory }, mark) => [
      'python3',
      '-c',
      `import os,shutil\nshutil.copy('/bin/true','${directory}/gone')\nf=os.open('${directory}/gone',os.O_RDONLY)\nos.unlink('${directory}/gone')\nos.execve(f,['gone','${mark}'],{})`,
    ],
    rule: 'mcp_fileless_exec',
    image: / \(deleted\)$/,
    needs: ['python3', 'python3'],
  },
  {
    name: 'a memfd',
    words: ({ memfd }, mark) => [memfd, '/bin/true', mark],
    rule: 'mcp_fileless_exec',
    image: / \(deleted\)$/,
  },
  {
    name: 'a bind mount in a mount namespace',
    prepare: ({ directory }) => writeFileSync(`${directory}/mounted`, ''),
    words: ({ directory }, mark) => [
      'unshare',
      '-m',
      'sh',
      '-c',
      `mount --bind /bin/dash ${directory}/mounted && exec ${directory}/mounted -c ': ${mark}; sleep 0.5; :'`,
    ],
    rule: 'mcp_renamed_shell',
    image: /\/mounted$/,
  },
  { name: 'a chroot', words: (_, mark) => ['chroot', '/', 'sh', '-c', `: ${mark}`], rule: SHELL },
  {
    name: 'a user and pid namespace',
    words: (_, mark) => ['unshare', '-Urpf', 'sh', '-c', `: ${mark}`],
    rule: SHELL,
  },
  {
    name: 'LD_PRELOAD in front',
    words: (_, mark) => ['env', 'LD_PRELOAD=/nonexistent.so', 'sh', '-c', `: ${mark}`],
    rule: SHELL,
  },
  {
    name: 'one exec among a storm of forks',
    words: (_, mark) => [
      'python3',
      '-c',
      `import os\nfor i in range(3000):\n  if os.fork()==0:\n    if i==1500: os.execv('/bin/sh',['sh','-c',': ${mark}'])\n    os._exit(0)\n  os.wait()`,
    ],
    rule: SHELL,
    needs: ['python3', 'python3'],
  },
];

describe('evasions of the process collector', { skip, timeout: 240_000 }, () => {
  let daemon: Program;
  let server: ChildProcess;
  let places: Places;
  let done = 0;
  const ends: (() => void)[] = [];
  const context = { after: (end: () => void) => ends.push(end) } as unknown as TestContext;

  before(async () => {
    const host = new Host(context);
    const script = host.write('srv/server.js', SERVER);
    host.writeConfig('.cursor/mcp.json', { one: { command: process.execPath, args: [script] } });
    await host.approve('cursor/one');
    places = { directory: host.makeDirectory(host.at('work')), memfd: program('memfd-exec') };
    daemon = await host.up().ready();
    server = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'ignore'], cwd: host.home });
    server.stdout?.on('data', (text: Buffer) => {
      done += String(text).split('done').length - 1;
    });
  });
  after(async () => {
    server.kill('SIGKILL');
    for (const end of ends) await end();
  });

  async function run(words: readonly string[]): Promise<void> {
    const finished = done;
    server.stdin?.write(`${JSON.stringify({ words })}\n`);
    await until(words.join(' '), () => done > finished);
  }

  for (const [index, { name, prepare, words, rule, image, needs }] of EVASIONS.entries()) {
    test(`${name} is ${rule}`, async (at) => {
      if (needs !== undefined && !haveProgram(...needs)) {
        at.skip(`${needs[0]} is not installed and cannot be`);
        return;
      }
      prepare?.(places);
      const mark = `evasion-${process.pid}-${index}-`;
      await run(words(places, mark));
      const fits = ({ event, actor }: Alert) =>
        String(event['CommandLine']).includes(mark) && (image === undefined || image.test(actor?.exe ?? ''));
      const alert = await daemon.alert(rule, fits);
      assert.equal(alert.server?.name, 'one');
      assert.equal(alert.actor?.in_subtree, true);
      assert.ok(
        alert.ancestry.some(({ pid }) => pid === server.pid),
        JSON.stringify(alert.ancestry),
      );
    });
  }

  test('the same deeds outside of the server raise nothing', () => {
    const mark = `outside-${process.pid}`;
    spawnSync('sh', ['-c', `: ${mark}`]);
    spawnSync('env', ['sh', '-c', `: ${mark}`]);
    const told = daemon.alerts.filter(({ event }) => String(event['CommandLine']).includes(mark));
    assert.deepEqual(told, []);
    assert.deepEqual(daemon.named('agent_events_lost'), []);
    const disguised = daemon.named('mcp_renamed_shell').map(({ actor }) => basename(actor?.exe ?? ''));
    assert.deepEqual([...new Set(disguised)].sort(), ['mounted', 'other', 'updater'], 'and no others');
  });
});
