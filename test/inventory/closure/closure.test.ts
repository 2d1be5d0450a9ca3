// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configs, not templates
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type DiscoveredServer, HashCache } from '../../../inventory/index.ts';
import { TempHome } from '../temp-home.ts';

interface EntryJson {
  readonly [key: string]: unknown;
}

function writeCursor(home: TempHome, entry: EntryJson, others: EntryJson = {}): string {
  return home.write('.cursor/mcp.json', { mcpServers: { s: entry, ...others } });
}

async function onlyServer(home: TempHome, cache = new HashCache()): Promise<DiscoveredServer> {
  const { servers, problems } = await home.scan({ cache });
  assert.deepEqual(problems, []);
  const server = servers.find(({ server: { name } }) => name === 's');
  assert.ok(server);
  return server;
}

function rolesOf({ server }: DiscoveredServer): readonly string[] {
  return server.closure.artefacts
    .filter(({ path }) => !path.startsWith('/usr') && path !== process.execPath)
    .map(
      ({ role, portable_path, reason }) =>
        `${role} ${portable_path}${reason === undefined ? '' : ` (${reason})`}`,
    )
    .sort();
}

function layOut(home: TempHome): void {
  home.write('srv/main.mjs', "import { a } from './lib/a.mjs';\nimport x from 'express';\na();\n");
  home.write('srv/lib/a.mjs', "export { b as a } from '../b.mjs';\n");
  home.write('srv/b.mjs', "export const b = () => import('./lazy.mjs');\n");
  home.write('srv/lazy.mjs', '');
  home.write('srv/unrelated.mjs', '');
  home.write('srv/package.json', '{}');
  home.write('srv/package-lock.json', '{}');
  home.write('srv/pre.cjs', '');
  home.write('srv/data.cfg', 'x');
  home.write('srv/.env', 'A=1');
  writeCursor(home, {
    command: 'node',
    args: ['--require', './pre.cjs', '--env-file=.env', `${home.path}/srv/main.mjs`, '--config', 'data.cfg'],
    cwd: `${home.path}/srv`,
    env: { GITHUB_TOKEN: `ghp_${'a1B2'.repeat(9)}` },
  });
}

test('a node script brings its imports, preloads, env file, file arguments and lock files, not its repository', async () => {
  using home = new TempHome();
  layOut(home);
  const found = await onlyServer(home);
  assert.deepEqual(rolesOf(found), [
    'config ~/.cursor/mcp.json#s',
    'env-file ~/srv/.env',
    'helper ~/srv/b.mjs',
    'helper ~/srv/data.cfg',
    'helper ~/srv/lazy.mjs',
    'helper ~/srv/lib/a.mjs',
    'helper ~/srv/pre.cjs',
    'lockfile ~/srv/package-lock.json',
    'lockfile ~/srv/package.json',
    'script ~/srv/main.mjs',
    'unresolved express (imported module is not found)',
  ]);
  const node = found.server.closure.artefacts.find(({ path }) => path === process.execPath);
  assert.equal(node?.role, 'interpreter');
  assert.equal(found.launch?.launcher, 'interpreter');
  assert.equal(found.launch?.script, join(home.path, 'srv/main.mjs'));
  assert.deepEqual(found.launch?.server_args, ['--config', 'data.cfg']);
  assert.equal(found.launch?.resolved, process.execPath);
});

test('the same closure under two homes has one digest', async () => {
  using one = new TempHome();
  using two = new TempHome();
  layOut(one);
  layOut(two);
  const [first, second] = [await onlyServer(one), await onlyServer(two)];
  assert.equal(first.server.closure.digest, second.server.closure.digest);
  assert.notEqual(first.server.id, second.server.id);
});

test('one byte in any artefact changes the digest', async () => {
  using home = new TempHome();
  layOut(home);
  const cache = new HashCache();
  let before = (await onlyServer(home, cache)).server.closure;
  const own = before.artefacts.filter(({ role, path }) => role !== 'config' && path.startsWith(home.path));
  assert.ok(own.length >= 9);
  for (const { path } of own) {
    appendFileSync(path, '\n');
    const after = (await onlyServer(home, cache)).server.closure;
    assert.notEqual(after.digest, before.digest, path);
    before = after;
  }
});

test('a touch, key order, white space and another entry change nothing; an argument does', async () => {
  using home = new TempHome();
  home.write('x.mjs', '');
  const config = writeCursor(home, { command: 'node', args: ['x.mjs'], env: { A: '1', B: '2' } });
  const { digest } = (await onlyServer(home)).server.closure;
  utimesSync(join(home.path, 'x.mjs'), 1, 1);
  writeFileSync(
    config,
    '// c\n{"mcpServers":{"z":{"command":"true"},"s":{"env":{"B":"2","A":"1"},"args":["x.mjs"],"command":"node"}}}',
  );
  assert.equal((await onlyServer(home)).server.closure.digest, digest);
  writeCursor(home, { command: 'node', args: ['x.mjs', '-v'], env: { A: '1', B: '2' } });
  assert.notEqual((await onlyServer(home)).server.closure.digest, digest);
});

test('a rotated token changes no digest but its env fact; a loader variable changes the digest', async () => {
  using home = new TempHome();
  home.write('x.mjs', '');
  const withEnv = (env: EntryJson) => writeCursor(home, { command: 'node', args: ['x.mjs'], env });
  withEnv({ GITHUB_TOKEN: `ghp_${'a1B2'.repeat(9)}`, NODE_OPTIONS: '' });
  const first = await onlyServer(home);
  withEnv({ GITHUB_TOKEN: `ghp_${'c3D4'.repeat(9)}`, NODE_OPTIONS: '' });
  const second = await onlyServer(home);
  assert.equal(second.server.closure.digest, first.server.closure.digest);
  assert.notEqual(second.env['GITHUB_TOKEN']?.digest, first.env['GITHUB_TOKEN']?.digest);
  assert.equal(second.env['GITHUB_TOKEN']?.class, 'github-pat');
  assert.ok(!JSON.stringify(second.server).includes('c3D4') && !second.entry.includes('c3D4'));
  home.write('evil.cjs', '');
  withEnv({ GITHUB_TOKEN: `ghp_${'c3D4'.repeat(9)}`, NODE_OPTIONS: `--require ${home.path}/evil.cjs` });
  const third = await onlyServer(home);
  assert.notEqual(third.server.closure.digest, first.server.closure.digest);
  assert.ok(rolesOf(third).includes('helper ~/evil.cjs'));
  assert.ok(third.entry.includes('NODE_OPTIONS'));
});

test('a literal tilde and the expanded home are two things', async () => {
  using home = new TempHome();
  writeCursor(home, { command: 'true', args: [`${home.path}/a`] });
  const expanded = (await onlyServer(home)).server.closure.digest;
  writeCursor(home, { command: 'true', args: ['~/a'] });
  assert.notEqual((await onlyServer(home)).server.closure.digest, expanded);
});

test('a shell text is followed to what it sources and runs', async () => {
  using home = new TempHome();
  home.write('srv/.env', 'X=1');
  home.write('srv/setup.sh', '. ./more.sh\n');
  home.write('srv/more.sh', '');
  home.write('srv/main.mjs', "import './a.mjs';");
  home.write('srv/a.mjs', '');
  writeCursor(home, {
    command: 'bash',
    args: ['-lc', `cd ${home.path}/srv && source .env; . ./setup.sh && FOO=1 exec node main.mjs "$@"`],
  });
  const found = await onlyServer(home);
  assert.deepEqual(
    rolesOf(found).filter((line) => !line.startsWith('config')),
    [
      'env-file ~/srv/.env',
      'helper ~/srv/a.mjs',
      'helper ~/srv/main.mjs',
      'helper ~/srv/more.sh',
      'helper ~/srv/setup.sh',
    ],
  );
  assert.equal(found.launch?.launcher, 'shell');
});

test('a shell script finds its neighbours by its own directory', async () => {
  using home = new TempHome();
  const run = home.write(
    'srv/run.sh',
    '#!/bin/sh\ncd "$(dirname "$0")"\n# bash no.sh\n[ -f .env ] && . ./.env\nexec node ./main.mjs "$@"\n',
    0o755,
  );
  home.write('srv/.env', 'X=1');
  home.write('srv/main.mjs', '');
  writeCursor(home, { command: run });
  const found = await onlyServer(home);
  assert.deepEqual(
    rolesOf(found).filter((line) => line.includes('srv')),
    ['env-file ~/srv/.env', 'executable ~/srv/run.sh', 'helper ~/srv/main.mjs'],
  );
  assert.ok(
    found.server.closure.artefacts.some(
      ({ role, path }) => role === 'interpreter' && path.startsWith('/usr/bin/'),
    ),
  );
});

test('a script of an installed package is its whole package', async () => {
  using home = new TempHome();
  home.write('p/node_modules/@x/srv/package.json', { name: '@x/srv', version: '1.0.0' });
  home.write('p/node_modules/@x/srv/dist/index.js', '#!/usr/bin/env node\n', 0o755);
  const other = home.write('p/node_modules/@x/srv/dist/data/deep.txt', 'a');
  mkdirSync(join(home.path, 'bin'));
  symlinkSync('../p/node_modules/@x/srv/dist/index.js', join(home.path, 'bin/x-srv'));
  writeCursor(home, { command: 'x-srv' });
  const found = await onlyServer(home);
  assert.ok(rolesOf(found).includes('package ${package}/@x/srv'));
  const before = found.server.closure.digest;
  writeFileSync(other, 'b');
  assert.notEqual((await onlyServer(home)).server.closure.digest, before);
  const { watch } = await home.scan();
  assert.ok(watch.trees.includes(join(home.path, 'p/node_modules/@x/srv')));
  assert.ok(watch.files.includes(join(home.path, 'bin/x-srv')));
});

test('npx is followed into its cache; what is not installed is unresolved, never left out', async () => {
  using home = new TempHome();
  writeCursor(home, { command: 'npx', args: ['-y', '@x/srv@1.0.0', '--port', '1'] });
  const missing = await onlyServer(home);
  assert.deepEqual(missing.launch?.server_args, ['--port', '1']);
  assert.equal(missing.launch?.package, '@x/srv@1.0.0');
  assert.ok(
    rolesOf(missing).some((line) => line.startsWith('unresolved @x/srv@1.0.0 (package is not installed')),
  );
  home.write('.npm/_npx/0123456789abcdef/node_modules/@x/srv/package.json', {
    name: '@x/srv',
    version: '1.0.0',
  });
  const found = await onlyServer(home);
  assert.ok(rolesOf(found).includes('package ${package}/@x/srv'));
  assert.notEqual(found.server.closure.digest, missing.server.closure.digest);
});

test('a file that is not there is unresolved with its reason, and its creation changes the digest', async () => {
  using home = new TempHome();
  writeCursor(home, { command: './gone', args: [], envFile: '${workspaceFolder}/.env' });
  const found = await onlyServer(home);
  const reasons = found.server.closure.artefacts
    .filter(({ role }) => role === 'unresolved')
    .map(({ reason }) => reason);
  assert.deepEqual(reasons.sort(), [
    'env-file depends on a variable that is not known',
    'executable not found',
  ]);
  assert.equal(found.launch?.resolved, null);
  home.write('gone', '#!/bin/sh\n', 0o755);
  const created = await onlyServer(home);
  assert.notEqual(created.server.closure.digest, found.server.closure.digest);
});

test('a python script brings the modules beside it', async () => {
  using home = new TempHome();
  home.write('srv/main.py', 'from pkg.tools import run\nimport os, helper\n');
  home.write('srv/helper.py', '');
  home.write('srv/pkg/__init__.py', '');
  home.write('srv/pkg/tools.py', 'from . import extra\n');
  home.write('srv/pkg/extra.py', '');
  home.write('bin/python3', '#!/bin/sh\n', 0o755);
  writeCursor(home, { command: 'python3', args: ['-u', `${home.path}/srv/main.py`] });
  assert.deepEqual(
    rolesOf(await onlyServer(home)).filter((line) => line.includes('srv')),
    [
      'helper ~/srv/helper.py',
      'helper ~/srv/pkg/__init__.py',
      'helper ~/srv/pkg/extra.py',
      'helper ~/srv/pkg/tools.py',
      'script ~/srv/main.py',
    ],
  );
});

test('env and docker are seen through', async () => {
  using home = new TempHome();
  home.write('x.mjs', '');
  home.write('bin/docker', '#!/bin/sh\n', 0o755);
  writeCursor(home, { command: 'env', args: ['A=1', '-u', 'B', 'node', `${home.path}/x.mjs`] });
  const viaEnv = await onlyServer(home);
  assert.equal(viaEnv.launch?.launcher, 'env');
  assert.ok(rolesOf(viaEnv).includes('script ~/x.mjs'));
  const image = `x/y@sha256:${'ab'.repeat(32)}`;
  writeCursor(home, { command: 'docker', args: ['run', '-i', '--rm', '-e', 'A', image, 'serve'] });
  const pinned = await onlyServer(home);
  assert.deepEqual([pinned.launch?.package, pinned.launch?.server_args], [image, ['serve']]);
  assert.ok(rolesOf(pinned).includes(`image ${image}`));
  writeCursor(home, { command: 'docker', args: ['run', '-i', '--rm', 'x/y:latest'] });
  assert.ok(
    rolesOf(await onlyServer(home)).includes(
      'unresolved x/y:latest (image is not pinned by digest and no local engine tells its digest)',
    ),
  );
});

test('a swapped symlink is a change', async () => {
  using home = new TempHome();
  home.write('a.mjs', '1');
  home.write('b.mjs', '2');
  symlinkSync('a.mjs', join(home.path, 'x.mjs'));
  writeCursor(home, { command: 'node', args: [`${home.path}/x.mjs`] });
  const before = await onlyServer(home);
  unlinkSync(join(home.path, 'x.mjs'));
  symlinkSync('b.mjs', join(home.path, 'x.mjs'));
  assert.notEqual((await onlyServer(home)).server.closure.digest, before.server.closure.digest);
});

test('a shell script that runs itself ends', async () => {
  using home = new TempHome();
  const run = home.write(
    'run.sh',
    '#!/bin/sh\n. ./run.sh\n./run.sh\nbash -c "bash -c \'./run.sh\'"\n',
    0o755,
  );
  writeCursor(home, { command: run });
  assert.ok((await onlyServer(home)).server.closure.artefacts.length >= 2);
});
