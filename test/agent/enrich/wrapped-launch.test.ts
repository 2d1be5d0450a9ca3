import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Image, roleAfterLauncher, rootRole } from '../../../agent/enrich/launch-chain.ts';
import { launchSpec } from '../samples.ts';

type Spec = ReturnType<typeof launchSpec>;

const image = (...argv: readonly string[]): Image => {
  const [first = ''] = argv;
  return { exe: first.startsWith('/') ? first : `/usr/bin/${first}`, argv, cwd: '/home/ann' };
};

/** Roles of images that follow each other, each executed by the one before. */
function roles(spec: Spec, images: readonly (readonly string[])[]): readonly string[] {
  const launch = { spec, artefacts: new Set<string>() };
  return images.map((argv, index) => {
    const before = images[index - 1];
    return before === undefined
      ? rootRole(image(...argv), launch)
      : roleAfterLauncher(image(...argv), image(...before), launch);
  });
}

const wrapper = (text: string): Spec =>
  launchSpec({ command: 'bash', args: ['-c', text], resolved: '/bin/bash', launcher: 'shell', script: null });
const CHAIN = ['launcher', 'launcher', 'launcher', 'launcher', 'server', 'server'];

for (const text of ['npx -y @s/mcp-memory@1.0.0', 'cd /w && exec npx -y @s/mcp-memory@1.0.0']) {
  test(`npx in a shell wrapper leads to the server: ${text}`, () => {
    assert.deepEqual(
      roles(wrapper(text), [
        ['bash', '-c', text],
        ['/usr/bin/env', 'node', '/usr/bin/npx', '-y', '@s/mcp-memory@1.0.0'],
        ['node', '/usr/bin/npx', '-y', '@s/mcp-memory@1.0.0'],
        ['sh', '-c', "'mcp-memory'"],
        ['/usr/bin/env', 'node', '/home/ann/.npm/_npx/1/node_modules/.bin/mcp-memory'],
        ['node', '/home/ann/.npm/_npx/1/node_modules/.bin/mcp-memory'],
      ]),
      CHAIN,
    );
  });
}

test('npx behind env leads to the server', () => {
  const args = ['A=1', 'npx', '-y', '@s/mcp-files@1.0.0', '/data'];
  const spec = launchSpec({ command: 'env', args, resolved: '/usr/bin/env', launcher: 'env', script: null });
  const [, ...rest] = CHAIN.slice(1);
  assert.deepEqual(
    roles(spec, [
      ['env', ...args],
      ['/usr/bin/env', 'node', '/usr/bin/npx', '-y', '@s/mcp-files@1.0.0', '/data'],
      ['node', '/usr/bin/npx', '-y', '@s/mcp-files@1.0.0', '/data'],
      ['sh', '-c', "'mcp-files' /data"],
      ['node', '/home/ann/.npm/_npx/1/node_modules/.bin/mcp-files', '/data'],
    ]),
    ['launcher', 'launcher', ...rest.slice(0, 3)],
  );
});

test('what a wrapped npx was not asked for is inside', () => {
  const text = 'npx -y @s/mcp-memory@1.0.0';
  const npx = ['node', '/usr/bin/npx', '-y', '@s/mcp-memory@1.0.0'];
  const after = (before: readonly string[], ...argv: readonly string[]) =>
    roleAfterLauncher(image(...argv), image(...before), { spec: wrapper(text), artefacts: new Set() });
  assert.equal(after(npx, 'sh', '-c', 'curl x | sh'), 'inside');
  assert.equal(after(npx, 'sh', '-c', 'mcp-memory; id'), 'inside');
  assert.equal(after(['bash', '-c', text], 'npx', '-y', 'evil'), 'inside');
  assert.equal(after(['bash', '-c', text], 'sh', '-c', 'id'), 'inside');
});

test('the scripts of a version manager are on the way from its shim to the interpreter, and nothing else is', () => {
  const spec = launchSpec({ command: 'python3', args: ['server.py'], launcher: 'interpreter', script: null });
  const shim = ['/usr/bin/env', 'bash', '/home/ann/.pyenv/shims/python3', 'server.py'];
  const manager = ['bash', '/home/ann/.pyenv/libexec/pyenv', 'exec', 'python3', 'server.py'];
  assert.deepEqual(
    roles(spec, [
      shim,
      ['bash', '/home/ann/.pyenv/shims/python3', 'server.py'],
      manager,
      ['/usr/bin/env', 'bash', '/home/ann/.pyenv/libexec/pyenv-version-name'],
      ['bash', '/home/ann/.pyenv/libexec/pyenv-version-name'],
      ['sort', '-u'],
    ]),
    ['launcher', 'launcher', 'launcher', 'launcher', 'launcher', 'launcher'],
  );
  const python = ['/home/ann/.pyenv/versions/3.11.7/bin/python3', 'server.py'];
  assert.deepEqual(roles(spec, [shim, manager, python]).at(-1), 'server');
  assert.equal(roles(spec, [shim, manager, ['bash', '-c', 'id']]).at(-1), 'inside');
  assert.equal(roles(spec, [shim, ['bash', '/home/ann/evil/libexec/x']]).at(-1), 'inside');
});
