import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleInContainer, roleOfFirst } from '../../../agent/containers/container-roles.ts';
import { isEngineClient, isEngineHelper } from '../../../agent/containers/engine-programs.ts';
import { roleAfterLauncher, rootRole } from '../../../agent/enrich/launch-chain.ts';
import { launchSpec } from '../samples.ts';

const image = (exe: string, ...argv: string[]) => ({ exe, argv });
const entry = image('/bin/busybox', '/bin/sh', '/entry.sh', 'node', 'x.js');

test('the first process of a container is the server, and behind an init program its command', () => {
  assert.equal(roleOfFirst(entry, 'launcher'), 'server');
  const init = image('/sbin/docker-init', '/sbin/docker-init', '--', 'sh', '/srv/x.sh');
  assert.equal(roleOfFirst(init, 'launcher'), 'launcher');
  assert.equal(roleInContainer('launcher', false, init, image('/bin/sh', 'sh', '/srv/x.sh')), 'server');
  assert.equal(roleInContainer('launcher', false, init, image('/bin/sh', 'sh', '-c', 'id')), 'inside');
  assert.equal(roleOfFirst(entry, 'server'), 'inside', 'where a server made the container, not its client');
});

test('an entry point goes on to what it was given, and to a program', () => {
  assert.equal(roleInContainer('server', true, entry, image('/bin/node', 'node', 'x.js')), 'server');
  assert.equal(roleInContainer('server', true, entry, image('/bin/python3', 'python3', 'y.py')), 'server');
  const shells = image('/bin/sh', '/bin/sh', '/entry.sh', '/bin/sh', '-c', 'node x.js');
  assert.equal(
    roleInContainer('server', true, shells, image('/bin/sh', '/bin/sh', '-c', 'node x.js')),
    'server',
  );
});

test('all else in a container is inside', () => {
  const node = image('/bin/node', 'node', 'x.js');
  const shell = image('/bin/sh', 'sh', '-c', 'id');
  assert.equal(roleInContainer('server', true, entry, shell), 'inside', 'another shell than was asked for');
  assert.equal(roleInContainer('server', true, node, shell), 'inside');
  assert.equal(roleInContainer('server', false, entry, node), 'inside', 'a child of it');
  assert.equal(roleInContainer('inside', true, entry, node), 'inside');
  assert.equal(roleInContainer('server', true, image('/bin/sh', 'sh'), image('/bin/sh', 'sh')), 'inside');
});

test('programs of engines are on the way to the container, and no program of another name is', () => {
  const spec = launchSpec({
    command: 'runc',
    args: ['run', 'x'],
    resolved: '/usr/sbin/runc',
    launcher: 'direct',
  });
  const launch = { spec, artefacts: new Set<string>() };
  const runc = image('/usr/sbin/runc', 'runc', 'run', 'x');
  assert.equal(rootRole(runc, launch), 'launcher');
  const copy = image('/memfd:runc_cloned:/proc/self/exe (deleted)', 'runc', 'init');
  assert.equal(roleAfterLauncher(copy, runc, launch), 'launcher');
  assert.equal(roleAfterLauncher(image('/bin/sh', 'sh', '-c', 'id'), runc, launch), 'inside');
  assert.equal(
    roleAfterLauncher(image('/bin/curl', 'runc'), runc, launch),
    'inside',
    'whatever it calls itself',
  );
  const server = image('/usr/bin/docker-mcp-server', 'docker-mcp-server');
  assert.ok(!isEngineClient(server) && isEngineHelper(server));
});
