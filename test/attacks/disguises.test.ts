import assert from 'node:assert/strict';
import { copyFileSync, linkSync, realpathSync, renameSync, symlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { program, skip } from '../collectors/process/built-sensor.ts';
import { AttackedServer } from './attacked-server.ts';
import { type Evasion, SHELL, tells, testEvasions } from './evasion.ts';

const DASH = /\/dash$/;
const RENAMED = 'mcp_renamed_shell';
const FILELESS = 'mcp_fileless_exec';
const BUSYBOX = ['busybox', 'busybox', '--list'] as const;
const STATIC_BASH = ['bash-static', 'bash-static'] as const;
const built = (name: string) => (skip === false ? program(name) : '');
const [memfd, deleted] = [built('memfd-exec'), built('deleted-exec')];

/** argv[0] is the caller's to choose. */
const as = (name: string, path: string, ...rest: readonly string[]) => [
  'bash',
  '-c',
  'exec -a "$0" "$@"',
  name,
  path,
  ...rest,
];

const NAMES: readonly Evasion[] = [
  {
    name: 'another argv[0]',
    words: (mark) => as('systemd', '/bin/sh', '-c', tells(mark)),
    rule: SHELL,
    image: DASH,
  },
  {
    name: 'a symlink to a shell',
    prepare: (directory) => symlinkSync('/bin/sh', `${directory}/link`),
    words: (mark, directory) => [`${directory}/link`, '-c', tells(mark)],
    rule: SHELL,
    image: DASH,
  },
  {
    name: 'a copied shell',
    prepare: (directory) => copyFileSync('/bin/sh', `${directory}/updater`),
    words: (mark, directory) => [`${directory}/updater`, '-c', tells(mark)],
    rule: RENAMED,
    image: /\/updater$/,
  },
  {
    name: 'a renamed shell',
    prepare: (directory) => {
      copyFileSync('/bin/bash', `${directory}/bash`);
      renameSync(`${directory}/bash`, `${directory}/node`);
    },
    words: (mark, directory) => [`${directory}/node`, '-c', tells(mark)],
    rule: RENAMED,
    image: /\/node$/,
  },
  {
    name: 'a hard link to a shell',
    prepare: (directory) => {
      copyFileSync('/bin/sh', `${directory}/sh`);
      linkSync(`${directory}/sh`, `${directory}/other`);
    },
    words: (mark, directory) => [`${directory}/other`, '-c', tells(mark)],
    rule: RENAMED,
    image: /\/other$/,
  },
  {
    name: 'a copied shell whose argv[0] is sh',
    prepare: (directory) => copyFileSync('/bin/sh', `${directory}/updater`),
    words: (mark, directory) => as('sh', `${directory}/updater`, '-c', tells(mark)),
    rule: RENAMED,
    image: /\/updater$/,
  },
  {
    name: 'a copied shell under the name of busybox',
    prepare: (directory) => copyFileSync('/bin/sh', `${directory}/busybox`),
    words: (mark, directory) => [`${directory}/busybox`, '-c', tells(mark)],
    rule: RENAMED,
    image: /\/busybox$/,
  },
];

const STATIC: readonly Evasion[] = [
  {
    name: 'busybox',
    words: (mark) => ['busybox', 'sh', '-c', tells(mark)],
    rule: SHELL,
    image: /\/busybox$/,
    needs: BUSYBOX,
  },
  {
    name: 'busybox by a symlink',
    prepare: (directory) => symlinkSync('/bin/busybox', `${directory}/ash`),
    words: (mark, directory) => [`${directory}/ash`, '-c', tells(mark)],
    rule: SHELL,
    image: /\/busybox$/,
    needs: BUSYBOX,
  },
  {
    name: 'busybox whose argv[0] has a blank',
    words: (mark) => as('a b/sh', '/bin/busybox', '-c', tells(mark)),
    rule: SHELL,
    image: /\/busybox$/,
    needs: BUSYBOX,
  },
  {
    name: 'busybox that finds its shell by itself',
    words: (mark) => ['busybox', 'env', 'sh', '-c', tells(mark)],
    rule: SHELL,
    image: /\/(?:busybox|dash)$/,
    needs: BUSYBOX,
  },
  {
    name: 'a copy of busybox',
    prepare: (directory) => copyFileSync('/bin/busybox', `${directory}/node`),
    words: (mark, directory) => as('sh', `${directory}/node`, '-c', tells(mark)),
    rule: RENAMED,
    image: /\/node$/,
    needs: BUSYBOX,
  },
  {
    name: 'a statically linked bash',
    words: (mark) => ['bash-static', '-c', tells(mark)],
    rule: SHELL,
    image: /\/bash-static$/,
    needs: STATIC_BASH,
  },
  {
    name: 'a copy of a statically linked bash',
    prepare: (directory) => copyFileSync('/bin/bash-static', `${directory}/node`),
    words: (mark, directory) => [`${directory}/node`, '-c', tells(mark)],
    rule: RENAMED,
    image: /\/node$/,
    needs: STATIC_BASH,
  },
];

const WITHOUT_A_NAME: readonly Evasion[] = [
  {
    name: 'a memfd',
    words: (mark) => [memfd, '/bin/true', mark],
    rule: FILELESS,
    image: /^\/memfd:payload \(deleted\)$/,
  },
  {
    name: 'a shell in a memfd',
    words: (mark) => [memfd, '/bin/sh', '-c', `${tells(mark)}; sleep 0.3; :`],
    rule: FILELESS,
    image: /^\/memfd:payload \(deleted\)$/,
  },
  {
    name: 'a shell in a memfd that lives for a moment',
    words: (mark) => [memfd, '/bin/sh', '-c', `${tells(mark)}; sleep 0.5; :`],
    rule: RENAMED,
    image: /^\/memfd:payload \(deleted\)$/,
  },
  {
    name: 'a deleted program',
    words: (mark, directory) => [deleted, `${directory}/${mark}`, '/bin/true', mark],
    rule: FILELESS,
    image: / \(deleted\)$/,
  },
  {
    name: 'a shell run by the dynamic loader',
    words: (mark) => [realpathSync('/lib64/ld-linux-x86-64.so.2'), '/bin/sh', '-c', tells(mark)],
    rule: SHELL,
    image: /\/ld-linux/,
  },
];

describe('disguises of what a server starts', { skip, timeout: 240_000 }, () => {
  let attacked: AttackedServer;
  before(async () => {
    attacked = await AttackedServer.start();
  });
  after(() => attacked.stop());
  testEvasions([...NAMES, ...STATIC, ...WITHOUT_A_NAME], () => attacked);

  test('nothing but what is disguised is taken for a disguise', () => {
    const told = attacked.daemon.named(RENAMED).map(({ actor }) => basename(actor?.exe ?? ''));
    const disguises = ['busybox', 'memfd:payload (deleted)', 'node', 'other', 'updater'];
    assert.deepEqual(
      told.filter((name) => !disguises.includes(name)),
      [],
    );
    const shared = attacked.daemon
      .named(RENAMED)
      .filter(({ actor }) => /^(?:\/usr)?\/bin\//.test(actor?.exe ?? ''));
    assert.deepEqual(shared, [], 'what is installed bears its own name');
  });
});
