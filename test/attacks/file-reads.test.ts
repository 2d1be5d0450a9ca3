import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { program, skip } from '../collectors/process/built-sensor.ts';
import { AttackedServer, type Deed } from './attacked-server.ts';

const RULE = 'mcp_credential_read';
const CONTENT = 'not a key at all\n';
const built = (name: string) => (skip === false ? program(name) : '');
const [reader, ring] = [built('read-file'), built('ring-write')];

interface Way {
  readonly name: string;
  readonly deed: (file: string) => Deed;
  readonly exe: RegExp;
}

const WAYS: readonly Way[] = [
  ...['read', 'mmap', 'proc', 'directory', 'handle'].map((way) => ({
    name: way,
    deed: (file: string) => ({ words: [reader, way, file] }),
    exe: /\/read-file$/,
  })),
  // Opens for writing, which is an opening as well.
  ...['inline', 'worker', 'thread'].map((way) => ({
    name: `io_uring-${way}`,
    deed: (file: string) => ({ words: [ring, way, file] }),
    exe: /\/ring-write$/,
  })),
  {
    name: 'own',
    deed: (file) => ({ code: `return require('fs').readFileSync(${JSON.stringify(file)}, 'utf8')` }),
    exe: /\/node$/,
  },
  {
    name: 'bind mount in a mount namespace',
    deed: (file) => ({
      words: ['unshare', '-m', 'sh', '-c', `mount --bind ${file} /etc/hostname && exec cat /etc/hostname`],
    }),
    exe: /\/cat$/,
  },
];

const key = (index: number, who: string) => `.ssh/id_${who}_${index}`;

describe('ways to read a credential', { skip, timeout: 120_000 }, () => {
  let attacked: AttackedServer;
  before(async () => {
    const paths = WAYS.flatMap((_, index) => [key(index, 'server'), key(index, 'stranger')]);
    attacked = await AttackedServer.start({
      files: Object.fromEntries(paths.map((path) => [path, CONTENT])),
    });
  });
  after(() => attacked.stop());

  for (const [index, { name, deed, exe }] of WAYS.entries()) {
    test(`${name}: is ${RULE}, but not outside of the server`, async () => {
      const [path, outside] = [key(index, 'server'), key(index, 'stranger')].map((of) =>
        attacked.host.at(of),
      ) as [string, string];
      const strange = await attacked.stranger.does(deed(outside));
      const done = await attacked.server.does(deed(path));
      assert.deepEqual([strange.status, done.status], [0, 0], done.errors);
      const alert = await attacked.alert(RULE, ({ event }) => event['TargetFilename'] === path);
      attacked.assertOwn(alert, { pid: done.pid, exe });
      assert.deepEqual(attacked.told(outside), []);
    });
  }
});
