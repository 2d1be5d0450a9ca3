import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEngineCall } from '../../../agent/containers/engine-call.ts';

const call = (...argv: string[]) => readEngineCall('/usr/bin/docker', argv);

test('a run tells image, words and all by which its container can be known', () => {
  const asked = call(
    ...[
      'docker',
      '-H',
      'unix:///run/d.sock',
      'run',
      '-i',
      '--rm',
      '--name',
      'one',
      '--cidfile=id',
      '-e',
      'A=b',
    ],
    ...['-l', 'team=x', '--label', 'bare', '--entrypoint', '/bin/x', 'repo/image:1', '--flag', 'word'],
  );
  assert.equal(asked?.host, 'unix:///run/d.sock');
  assert.deepEqual(asked?.container, {
    kind: 'run',
    image: 'repo/image:1',
    words: ['--flag', 'word'],
    entrypoint: '/bin/x',
    name: 'one',
    idFile: 'id',
    labels: new Map([
      ['team', 'x'],
      ['bare', ''],
    ]),
    interactive: true,
  });
});

test('standard input is kept open by -i in any spelling, and by nothing else', () => {
  for (const [flags, expected] of [
    [['-i'], true],
    [['-it'], true],
    [['--interactive'], true],
    [['--interactive=true'], true],
    [['--interactive=false'], false],
    [['-t'], false],
    [['--init'], false],
    [[], false],
  ] as const) {
    const container = call('docker', 'run', ...flags, 'image')?.container;
    assert.equal(container?.kind === 'run' && container.interactive, expected, flags.join(' '));
  }
});

test('start and attach name their container', () => {
  assert.deepEqual(call('docker', 'start', '-ai', 'box')?.container, { kind: 'named', name: 'box' });
  assert.deepEqual(call('docker', 'container', 'attach', 'box')?.container, { kind: 'named', name: 'box' });
});

test('what runs in a container that nobody can tell is said to be so', () => {
  for (const argv of [
    ['docker', 'exec', '-i', 'box', 'sh'],
    ['docker', 'compose', 'run', 'service'],
    ['docker', 'mcp', 'gateway', 'run'],
    ['docker', 'run'],
  ])
    assert.equal(call(...argv)?.container.kind, 'unfollowed', argv.join(' '));
  assert.equal(
    readEngineCall('/usr/bin/docker-compose', ['docker-compose', 'up'])?.container.kind,
    'unfollowed',
  );
});

test('a client that runs nothing, and engines whose containers are their own descendants, are no call', () => {
  for (const argv of [['docker', 'ps'], ['docker'], ['docker', 'version', 'run']])
    assert.equal(call(...argv), null);
  assert.equal(readEngineCall('/usr/bin/podman', ['podman', 'run', 'image']), null);
  assert.equal(readEngineCall('/usr/bin/node', ['node', 'docker', 'run', 'image']), null);
});

test('a client under another name is known by its first word, or by its file', () => {
  assert.equal(readEngineCall('/opt/x', ['docker', 'run', 'image'])?.container.kind, 'run');
  assert.equal(readEngineCall('/usr/bin/docker', ['x', 'run', 'image'])?.container.kind, 'run');
});
