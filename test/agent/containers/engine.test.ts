import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineAt } from '../../../agent/containers/engine.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { engineOf, serveEngine, toldContainer } from './fake-engine.ts';

const ID = 'ab'.repeat(32);
const never = () => new AbortController().signal;

test('containers are listed and told', async (context) => {
  using directory = new TempDirectory();
  const socket = directory.at('docker.sock');
  const labels = { team: 'x' };
  const told = toldContainer(ID, 42, {
    name: 'box',
    created: 1_000_500,
    Entrypoint: ['/entry', 'x'],
    Labels: labels,
  });
  await engineOf(context, socket, () => [told]);
  const engine = engineAt(socket, never());
  assert.deepEqual(await engine.list(), [{ id: ID, created: 1_000_000 }]);
  const container = {
    id: ID,
    created: 1_000_500,
    name: 'box',
    image: 'image:1',
    command: ['serve'],
    entrypoint: '/entry',
    labels: new Map([['team', 'x']]),
    interactive: true,
    pid: 42,
  };
  assert.deepEqual(await engine.inspect(ID), container);
  assert.deepEqual(await engine.inspect('box'), container);
  assert.equal(await engine.inspect('other'), null);
});

test('a name reaches the engine as one word of the path, whatever it holds', async (context) => {
  using directory = new TempDirectory();
  const socket = directory.at('docker.sock');
  const paths: string[] = [];
  await serveEngine(context, socket, (path, response) => {
    paths.push(path);
    response.end('{}');
  });
  await engineAt(socket, never()).inspect('../images/x?all=1');
  assert.deepEqual(paths, ['/containers/..%2Fimages%2Fx%3Fall%3D1/json']);
});

test('answers such as no engine gives are none', async (context) => {
  const good = toldContainer(ID, 42);
  const lists: readonly string[] = [
    '',
    'no json',
    '{}',
    '[{"Id":"short","Created":1}]',
    `[{"Id":"${ID}","Created":"now"}]`,
    JSON.stringify(Array.from({ length: 5_000 }, () => ({ Id: ID, Created: 1 }))),
    `[${' '.repeat(5 * 1024 * 1024)}]`,
    `${'['.repeat(1_000_000)}`,
  ];
  for (const [index, body] of lists.entries()) {
    using directory = new TempDirectory();
    const socket = directory.at('docker.sock');
    await serveEngine(context, socket, (_, response) => response.end(body));
    assert.equal(await engineAt(socket, never()).list(), null, `list ${index}`);
  }
  const containers: readonly object[] = [
    { ...good, Id: '../etc' },
    { ...good, State: { ...good.State, Pid: -1 } },
    { ...good, State: { ...good.State, Pid: 1.5 } },
    { ...good, State: null },
    { ...good, Name: 'x'.repeat(100_000) },
    { ...good, Config: { ...good.Config, Cmd: 'serve' } },
    { ...good, Config: { ...good.Config, Cmd: Array.from({ length: 2_000 }, () => '') } },
    { ...good, Config: { ...good.Config, Labels: { a: 1 } } },
  ];
  for (const [index, body] of containers.entries()) {
    using directory = new TempDirectory();
    const socket = directory.at('docker.sock');
    await serveEngine(context, socket, (_, response) => response.end(JSON.stringify(body)));
    assert.equal(await engineAt(socket, never()).inspect(ID), null, `container ${index}`);
  }
});

test('an engine that is silent, goes away, or answers without end is given up', async (context) => {
  using directory = new TempDirectory();
  const silent = directory.at('silent.sock');
  await serveEngine(context, silent, () => {});
  assert.equal(await engineAt(silent, AbortSignal.timeout(50)).list(), null);
  const gone = directory.at('gone.sock');
  await serveEngine(context, gone, (_, response) => response.destroy());
  assert.equal(await engineAt(gone, never()).list(), null);
  const endless = directory.at('endless.sock');
  await serveEngine(context, endless, (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(' '.repeat(64 * 1024)));
    };
    response.on('drain', more);
    more();
  });
  assert.equal(await engineAt(endless, never()).list(), null);
  assert.equal(await engineAt(directory.at('nothing.sock'), never()).list(), null);
  const moved = directory.at('moved.sock');
  await serveEngine(context, moved, (_, response) => response.writeHead(301, { location: '/x' }).end('[]'));
  assert.equal(await engineAt(moved, never()).list(), null);
});
