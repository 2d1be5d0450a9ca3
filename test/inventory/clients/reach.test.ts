import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { stringify as toYaml } from 'yaml';
import { CLIENTS } from '../../../inventory/clients/catalogue.ts';
import type { Client, ConfigLocation } from '../../../inventory/clients/client.ts';
import type { Inventory } from '../../../inventory/index.ts';
import { TempHome } from '../temp-home.ts';
import { ENTRY, exampleOf, filesOf, LAYOUT, WRITERS, writeProbe } from './probe-files.ts';

/** The files in which a client's probe was found, relative to the home. */
function filesOfProbes(client: Client, { servers }: Inventory, home: TempHome): ReadonlySet<string> {
  const probes = servers.filter(({ server }) => server.client === client.id && server.name === 'probe');
  return new Set(probes.map(({ server }) => server.config_path.slice(home.path.length + 1)));
}

for (const platform of ['linux', 'darwin', 'win32'] as const) {
  test(`on ${platform} a server in any file of any client is found as that client's`, async () => {
    for (const client of CLIENTS) {
      using home = new TempHome();
      const files = filesOf(client, platform);
      for (const [file, location] of files) writeProbe(home, file, location);
      for (const { base, path } of client.signs ?? []) {
        const directory = LAYOUT[platform][base];
        if (directory !== undefined) home.write(`${directory}/${path}/sign`, '');
      }
      const inventory = await home.scan({ platform, roots: [`${home.path}/work/project`] });
      const found = filesOfProbes(client, inventory, home);
      assert.deepEqual(
        [...files.keys()].filter((file) => !found.has(file)),
        [],
        `${client.id} ${JSON.stringify(inventory.problems)}`,
      );
    }
  });
}

test('a variable that moves a file of any client moves it', async () => {
  for (const client of CLIENTS) {
    const moves = client.locations.flatMap((location) =>
      (location.movedBy ?? []).map((move) => ({ ...move, location })),
    );
    for (const variable of new Set(moves.map((move) => move.variable))) {
      using home = new TempHome();
      const files = new Map<string, ConfigLocation>();
      for (const { location, path, ...move } of moves) {
        const isHere = location.platforms?.includes('linux') ?? true;
        const file = path === '' ? 'moved' : `moved/${exampleOf(path)}`;
        if (move.variable === variable && isHere && location.containers.length > 0) files.set(file, location);
      }
      for (const [file, location] of files) writeProbe(home, file, location);
      const env = { HOME: home.path, PATH: '/usr/bin:/bin', [variable]: `${home.path}/moved` };
      const found = filesOfProbes(client, await home.scan({ env }), home);
      assert.deepEqual(
        [...files.keys()].filter((file) => !found.has(file)),
        [],
        `${client.id} by ${variable}`,
      );
    }
  }
});

test('a file that two clients read counts for the second only where it left a sign', async () => {
  using home = new TempHome();
  home.write('work/project/.mcp.json', { mcpServers: { probe: ENTRY } });
  const clients = async () =>
    (await home.scan({ roots: [`${home.path}/work/project`] })).servers.map(({ server }) => server.client);
  assert.deepEqual(await clients(), ['claude-code']);
  home.write('.cursor/cli-config.json', {});
  assert.deepEqual((await clients()).sort(), ['claude-code', 'cursor']);
});

test('a directory with a config below a plain name is a project, one with the plain name alone is not', async () => {
  using home = new TempHome();
  home.write('src/with/config/mcporter.json', { mcpServers: { probe: ENTRY } });
  home.write('src/without/config/other.json', {});
  const { servers, watch } = await home.scan({ roots: [`${home.path}/src`] });
  assert.deepEqual(
    servers.map(({ server }) => [server.client, server.project]),
    [['mcporter', `${home.path}/src/with`]],
  );
  assert.ok(!watch.files.some((file) => file.startsWith(`${home.path}/src/without/`)));
});

test('a directory that a client writes to all the time is searched, but not watched', async () => {
  using home = new TempHome();
  home.write('.cursor/projects/work-a/mcp-approvals.json', '["x"]');
  const { controls, watch } = await home.scan();
  assert.deepEqual(
    controls.map(({ client, kind, path }) => [client, kind, path.slice(home.path.length)]),
    [['cursor', 'trust', '/.cursor/projects/work-a/mcp-approvals.json']],
  );
  assert.ok(!watch.trees.some((tree) => `${home.path}/.cursor/projects`.startsWith(tree)));
});

test('both configs that the managed preferences of Codex embed are read', async () => {
  using home = new TempHome();
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  home.write(
    'system/Library/Managed Preferences/com.openai.codex.plist',
    `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>config_toml_base64</key><string>${base64('[mcp_servers.probe]\ncommand = "true"\n')}</string>
<key>requirements_toml_base64</key><string>${base64('allowed_sandbox_modes = ["read-only"]\n')}</string>
</dict></plist>`,
  );
  const { servers, controls, problems } = await home.scan({ platform: 'darwin' });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    servers.map(({ server }) => [server.client, server.scope, server.name]),
    [['codex', 'managed', 'probe']],
  );
  assert.deepEqual(
    controls.map(({ kind, key, value }) => [kind, key, value]),
    [['filter', 'allowed_sandbox_modes', '["read-only"]']],
  );
});

test('the servers of each step of a workflow are found', async () => {
  using home = new TempHome();
  const step = (name: string) => ({ name, mcp_servers: { [name]: { command: 'true' } } });
  home.write('.takt/workflows/review.yaml', toYaml({ steps: [step('read'), step('write')] }));
  const { servers, problems } = await home.scan();
  assert.deepEqual(problems, []);
  assert.deepEqual(
    servers.map(({ server }) => [server.client, server.name, server.project]),
    [
      ['takt', 'read', null],
      ['takt', 'write', null],
    ],
  );
});

test('a project that any client has on record is looked into', async () => {
  for (const client of CLIENTS) {
    for (const record of client.projectRecords ?? []) {
      const directory = LAYOUT.linux[record.base];
      const isHere = record.platforms?.includes('linux') ?? true;
      if (record.format === 'sqlite' || directory === undefined || !isHere) continue;
      using home = new TempHome();
      const project = `${home.path}/here/it is`;
      home.write('here/it is/.mcp.json', { mcpServers: { probe: ENTRY } });
      const uri = pathToFileURL(project).href;
      const named = { keys: { [project]: {} }, path: project, 'file-uri': uri, 'json-uris': [{ at: uri }] };
      const document = record.key.reduceRight<unknown>(
        (value, key) => ({ [key]: value }),
        named[record.names],
      );
      const write = WRITERS[record.format];
      assert.ok(write !== undefined && typeof document === 'object' && document !== null);
      const file = `${directory}/${exampleOf(record.path)}`;
      home.write(file, write({ ...document }));
      const { servers } = await home.scan();
      // A client that left a sign of use reads the file, too.
      const readFirst = servers.filter(({ server }) => server.client === 'claude-code');
      assert.deepEqual(
        readFirst.map(({ server }) => [server.project, server.project_source]),
        [[project, `record:${resolve(home.path, file)}`]],
        `${client.id}: ${record.path} ${record.key.join('/')}`,
      );
    }
  }
});
