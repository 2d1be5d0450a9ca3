import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLIENTS } from '../../../inventory/clients/catalogue.ts';
import type { Client, Platform } from '../../../inventory/clients/client.ts';
import { parseConfigBytes } from '../../../inventory/config/document.ts';
import { type GuardOptions, guardEntry } from '../../../inventory/config/guarded-entry.ts';
import { isObject, valueAt } from '../../../inventory/config/value.ts';
import { editEntry } from '../../../inventory/editing/edit-entry.ts';
import type { DiscoveredServer, InventoryOptions } from '../../../inventory/index.ts';
import { filesOf, LAYOUT, writeProbe } from '../clients/probe-files.ts';
import { TempHome } from '../temp-home.ts';

const LOCAL = { name: 'probe', command: 'node', args: ['server.js', '--root', '/srv'], env: { A: '1' } };
const REMOTE = { name: 'probe', type: 'http', url: 'https://mcp.example/mcp', timeout: 5 };

const PLATFORMS = ['linux', 'darwin', 'win32'] as const;

/** Puts the guard in front of a server, in its config. */
function wrap({ server, written }: DiscoveredServer, guard: string, more: Partial<GuardOptions> = {}): void {
  assert.ok(written !== null);
  const { realPath, keys, location, encodings } = written;
  const config = { bytes: readFileSync(realPath), format: location.format, encodings };
  const raw = valueAt(parseConfigBytes(config.bytes, config.format).document.root ?? {}, keys);
  const options = { client: server.client, name: server.name, config: null, stateDir: null, ...more };
  const guarded = isObject(raw) ? guardEntry(raw, guard, options) : null;
  assert.ok(guarded !== null, JSON.stringify(raw));
  writeFileSync(realPath, editEntry(config, keys, guarded));
}

function writeSigns(client: Client, platform: Platform, home: TempHome): void {
  for (const { base, path } of client.signs ?? []) {
    const directory = LAYOUT[platform][base];
    if (directory !== undefined) home.write(`${directory}/${path}/sign`, '');
  }
}

const identity = ({ server }: DiscoveredServer) => {
  const { id, client, config_path, command, args, url, transport, env_keys, closure } = server;
  return { id, client, config_path, command, args, url, transport, env_keys, digest: closure.digest };
};

for (const [kind, entry] of Object.entries({ local: LOCAL, remote: REMOTE })) {
  test(`a ${kind} server is the same behind the guard, in any file of any client`, async () => {
    for (const client of CLIENTS) {
      using home = new TempHome();
      const guard = home.write('opt/bin/sealwatch', '#!/bin/sh\n', 0o755);
      const platform = PLATFORMS.find((each) => filesOf(client, each).size > 0) ?? 'linux';
      const files = filesOf(client, platform);
      for (const [file, location] of files) writeProbe(home, file, location, entry);
      writeSigns(client, platform, home);
      const options = { platform, clients: new Set([client.id]), roots: [`${home.path}/work/project`] };
      const plain = await home.scan(options);
      assert.ok(plain.servers.length >= files.size, client.id);
      for (const found of plain.servers) wrap(found, guard);
      const guarded = await home.scan({ ...options, guards: [guard] });
      assert.deepEqual(guarded.servers.map(identity), plain.servers.map(identity));
      assert.deepEqual(guarded.problems, plain.problems);
      assert.ok(guarded.servers.every(({ server }) => server.guarded));
      const literal = await home.scan(options);
      for (const [index, { server }] of literal.servers.entries()) {
        assert.equal(server.guarded, false);
        assert.notEqual(server.closure.digest, plain.servers[index]?.server.closure.digest);
      }
    }
  });
}

/** A home with one guarded server, and what is seen of it. */
class GuardedHome extends TempHome {
  readonly guard = this.write('opt/bin/sealwatch', '#!/bin/sh\n', 0o755);
  readonly config = this.write('.cursor/mcp.json', { mcpServers: { s: { command: 'true', args: ['x'] } } });

  async look(options: Partial<InventoryOptions> = {}): Promise<DiscoveredServer> {
    const { servers } = await this.scan({ guards: [this.guard], ...options });
    const [found] = servers;
    assert.ok(found !== undefined);
    return found;
  }

  entry(entry: object): void {
    this.write('.cursor/mcp.json', { mcpServers: { s: entry } });
  }

  words(...more: readonly string[]): readonly string[] {
    return ['guard', '--client', 'cursor', '--name', 's', ...more];
  }
}

test('a guarded server tells how the client starts the guard, and where it is written', async () => {
  using home = new GuardedHome();
  const plain = await home.look();
  assert.deepEqual([plain.guard, plain.written?.keys], [null, ['mcpServers', 's']]);
  wrap(plain, home.guard, { config: home.config });
  const { guard, written, server } = await home.look();
  assert.deepEqual(guard, {
    command: home.guard,
    args: home.words('--config', home.config, '--', 'true', 'x'),
  });
  assert.equal(written?.realPath, home.config);
  assert.deepEqual([server.command, server.args], ['true', ['x']]);
});

test('a link to the guard counts as the guard, and is watched', async () => {
  using home = new GuardedHome();
  const link = `${home.path}/sealwatch`;
  symlinkSync(home.guard, link);
  home.entry({ command: link, args: home.words('--', 'true', 'x') });
  const { servers, watch } = await home.scan({ guards: [home.guard] });
  assert.equal(servers[0]?.server.guarded, true);
  assert.ok(watch.files.includes(link));
});

test('a file that two clients read is seen through by both, whichever of them it names', async () => {
  using home = new GuardedHome();
  home.write('.cursor/cli-config.json', {});
  const args = ['guard', '--client', 'cursor', '--name', 'p', '--', 'true'];
  home.write('work/.mcp.json', { mcpServers: { p: { command: home.guard, args } } });
  const { servers } = await home.scan({ guards: [home.guard], roots: [`${home.path}/work`] });
  const found = servers.filter(({ server }) => server.name === 'p');
  assert.deepEqual(found.map(({ server }) => [server.client, server.guarded]).sort(), [
    ['claude-code', true],
    ['cursor', true],
  ]);
});

const NEAR_MISSES: Readonly<Record<string, (home: GuardedHome) => object>> = {
  'a guard of another path': (home) => ({
    command: home.write('tmp/bin/sealwatch', '#!/bin/sh\n', 0o755),
    args: home.words('--', 'true', 'x'),
  }),
  'a guard that PATH decides about': (home) => ({
    command: 'sealwatch',
    args: home.words('--', 'true', 'x'),
  }),
  'a further option': (home) => ({ command: home.guard, args: home.words('--quiet', '--', 'true', 'x') }),
  'options in another order': (home) => ({
    command: home.guard,
    args: ['guard', '--name', 's', '--client', 'cursor', '--', 'true', 'x'],
  }),
  'another verb': (home) => ({
    command: home.guard,
    args: ['run', ...home.words('--', 'true', 'x').slice(1)],
  }),
  'the name of another server': (home) => ({
    command: home.guard,
    args: ['guard', '--client', 'cursor', '--name', 't', '--', 'true', 'x'],
  }),
  'a client that does not read the file': (home) => ({
    command: home.guard,
    args: ['guard', '--client', 'zed', '--name', 's', '--', 'true', 'x'],
  }),
  'another config': (home) => ({
    command: home.guard,
    args: home.words('--config', '/tmp/mcp.json', '--', 'true', 'x'),
  }),
  'a state directory of somebody else': (home) => ({
    command: home.guard,
    args: home.words('--state-dir', '/tmp/evil', '--', 'true', 'x'),
  }),
  'a guard behind a guard': (home) => ({
    command: home.guard,
    args: home.words('--', home.guard, ...home.words('--', 'true', 'x')),
  }),
  'no command behind the guard': (home) => ({ command: home.guard, args: home.words('--') }),
  'arguments after it was said that there are none': (home) => ({
    command: home.guard,
    args: home.words('--no-args', '--', 'true', 'x'),
  }),
  'a local server under --remote': (home) => ({
    command: home.guard,
    args: home.words('--remote', '{"command":"true"}'),
  }),
  'a remote server that brings more members along': (home) => ({
    command: home.guard,
    args: home.words('--remote', '{"headers":"x","url":"https://h"}'),
  }),
  'a remote server in another spelling': (home) => ({
    command: home.guard,
    args: home.words('--remote', '{ "url": "https://h" }'),
  }),
  'a key that could reach a prototype': (home) => ({
    command: home.guard,
    args: home.words('--remote', '{"__proto__":"x","url":"https://h"}'),
  }),
};

for (const [about, entryOf] of Object.entries(NEAR_MISSES)) {
  test(`an entry that starts the guard otherwise is what it says: ${about}`, async () => {
    using home = new GuardedHome();
    const plain = await home.look({ guardStateDir: '/var/lib/sealwatch' });
    home.entry(entryOf(home));
    const { server, guard } = await home.look({ guardStateDir: '/var/lib/sealwatch' });
    assert.deepEqual([server.guarded, guard], [false, null]);
    assert.notEqual(server.command, 'true');
    assert.notEqual(server.closure.digest, plain.server.closure.digest);
  });
}

test('the state directory that counts here may be named', async () => {
  using home = new GuardedHome();
  home.entry({ command: home.guard, args: home.words('--state-dir', '/srv/state', '--', 'true', 'x') });
  assert.equal((await home.look({ guardStateDir: '/srv/state' })).server.guarded, true);
  assert.equal((await home.look()).server.guarded, false);
});

test('what changes behind the guard changes the closure', async () => {
  using home = new GuardedHome();
  const plain = await home.look();
  home.entry({ command: home.guard, args: home.words('--', 'true', 'y') });
  const { server } = await home.look();
  assert.equal(server.guarded, true);
  assert.notEqual(server.closure.digest, plain.server.closure.digest);
});
