import { copyFileSync, writeFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';
import { skip } from '../collectors/process/built-sensor.ts';
import { AttackedServer } from './attacked-server.ts';
import { type Evasion, SHELL, tells, testEvasions } from './evasion.ts';

const DASH = /\/dash$/;
const BUSYBOX = ['busybox', 'busybox', '--list'] as const;

const NAMESPACES: readonly Evasion[] = (
  [
    ['a user and pid namespace', ['unshare', '-Urpf']],
    ['a pid namespace of the same user', ['unshare', '-pf']],
    ['every namespace at once', ['unshare', '-muinpCTUrf']],
    ['namespaces that are entered', ['nsenter', '--mount=/proc/self/ns/mnt', '--net=/proc/self/ns/net']],
    ['a chroot to the same root', ['chroot', '/']],
  ] as const
).map(([name, words]) => ({
  name: `a shell in ${name}`,
  words: (mark) => [...words, '/bin/sh', '-c', tells(mark)],
  rule: SHELL,
  image: DASH,
}));

const ROOTS: readonly Evasion[] = [
  {
    name: 'a shell in a chroot that holds nothing else',
    prepare: (directory) => copyFileSync('/bin/busybox', `${directory}/sh`),
    words: (mark, directory) => ['chroot', directory, '/sh', '-c', `: ${mark}`],
    rule: SHELL,
    image: /\/work\/\d+\/sh$/,
    needs: BUSYBOX,
  },
  {
    name: 'a disguised shell in a chroot',
    prepare: (directory) => copyFileSync('/bin/bash-static', `${directory}/daemon`),
    words: (mark, directory) => ['chroot', directory, '/daemon', '-c', `: ${mark}`],
    rule: 'mcp_renamed_shell',
    image: /\/work\/\d+\/daemon$/,
    needs: ['bash-static', 'bash-static'],
  },
  {
    name: 'a bind mount in a mount namespace',
    prepare: (directory) => writeFileSync(`${directory}/mounted`, ''),
    words: (mark, directory) => [
      'unshare',
      '-m',
      'sh',
      '-c',
      `mount --bind /bin/dash ${directory}/mounted && exec ${directory}/mounted -c '${tells(mark)}; sleep 0.5; :'`,
    ],
    rule: 'mcp_renamed_shell',
    image: /\/mounted$/,
  },
  {
    name: 'a bind mount over a program of the host',
    words: (mark) => [
      'unshare',
      '-m',
      'sh',
      '-c',
      `mount --bind /bin/dash /usr/bin/true && exec /usr/bin/true -c '${tells(mark)}; sleep 0.5; :'`,
    ],
    rule: 'mcp_renamed_shell',
    image: /\/true$/,
  },
  {
    name: 'a copy on a file system that only a mount namespace has',
    words: (mark, directory) => [
      'unshare',
      '-m',
      'sh',
      '-c',
      `mount -t tmpfs none ${directory} && cp /bin/dash ${directory}/own && ${directory}/own -c '${tells(mark)}; sleep 0.5; :'`,
    ],
    rule: 'mcp_renamed_shell',
    image: /\/own$/,
  },
];

describe('namespaces and other roots', { skip, timeout: 120_000 }, () => {
  let attacked: AttackedServer;
  before(async () => {
    attacked = await AttackedServer.start();
  });
  after(() => attacked.stop());
  testEvasions([...NAMESPACES, ...ROOTS], () => attacked);
});
