import assert from 'node:assert/strict';
import { chmodSync, chownSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { engineAt } from '../../../agent/containers/engine.ts';
import { credentialsOf, openEngineSocket } from '../../../agent/containers/engine-socket.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { engineOf, serveEngine } from './fake-engine.ts';

const uid = process.getuid?.() ?? 0;
const self = { uid, groups: new Set<number>() };
const alice = { uid: 54_321, groups: new Set([777]) };
const ROOT = uid === 0 ? {} : { skip: 'only root can make sockets of other users' };

function isOpened(path: string, client: { uid: number; groups: Set<number> }): boolean {
  const socket = openEngineSocket(path, client);
  socket?.close();
  return socket !== null;
}

test('only sockets are asked', async (context) => {
  using directory = new TempDirectory();
  await engineOf(context, directory.at('docker.sock'), () => []);
  assert.ok(isOpened(directory.at('docker.sock'), self));
  directory.write('file/docker.sock', '');
  symlinkSync('/dev/zero', directory.at('podman.sock'));
  for (const path of ['file/docker.sock', 'file', 'podman.sock', 'missing/docker.sock'])
    assert.ok(!isOpened(directory.at(path), self), path);
  assert.ok(!isOpened('docker.sock', self), 'a relative path');
  assert.ok(!isOpened('@docker.sock', self), 'an abstract name');
  assert.ok(!isOpened(`${directory.at('docker.sock')}\0`, self));
});

test(
  'root’s sockets are asked under the name of an engine only, also behind a link',
  ROOT,
  async (context) => {
    using directory = new TempDirectory();
    await serveEngine(context, directory.at('private'), (_, response) => response.end('[]'));
    chmodSync(directory.at('private'), 0o777);
    symlinkSync('private', directory.at('docker.sock'));
    for (const client of [self, alice])
      for (const path of ['private', 'docker.sock']) assert.ok(!isOpened(directory.at(path), client), path);
  },
);

test('who may not connect to an engine is not told of its containers', ROOT, async (context) => {
  using directory = new TempDirectory();
  const path = directory.at('docker.sock');
  await engineOf(context, path, () => []);
  for (const [mode, group, owner, expected] of [
    [0o660, 0, 0, false],
    [0o660, 777, 0, true],
    [0o640, 777, 0, false],
    [0o666, 0, 0, true],
    [0o600, 0, alice.uid, true],
    [0o666, 0, alice.uid + 1, false],
  ] as const) {
    chmodSync(path, mode);
    chownSync(path, owner, group);
    assert.equal(isOpened(path, alice), expected, `${mode.toString(8)} ${owner}:${group}`);
  }
});

test('what is connected to is what was looked at', async (context) => {
  using directory = new TempDirectory();
  const path = directory.at('docker.sock');
  await engineOf(context, path, () => []);
  const socket = openEngineSocket(path, self);
  assert.ok(socket !== null);
  assert.deepEqual(await engineAt(socket.path, AbortSignal.timeout(5_000)).list(), []);
  assert.equal(socket.owner, uid);
  socket.close();
});

test('a process’s rights are read, and those of one that is gone are none', () => {
  const own = credentialsOf(process.pid);
  assert.equal(own?.uid, process.geteuid?.());
  assert.ok(own?.groups.has(process.getegid?.() ?? -1));
  assert.equal(credentialsOf(2 ** 22 + 1), null);
});
