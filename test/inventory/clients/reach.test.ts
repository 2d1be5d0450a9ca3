import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { stringify as toToml } from 'smol-toml';
import { stringify as toYaml } from 'yaml';
import { CLIENTS } from '../../../inventory/clients/catalogue.ts';
import type {
  Client,
  ConfigLocation,
  Container,
  LocationBase,
  Platform,
} from '../../../inventory/clients/client.ts';
import type { Inventory } from '../../../inventory/index.ts';
import { TempHome } from '../temp-home.ts';

/** Where each base lies in the test's home; written down here once more, apart from the code that finds it. */
const LAYOUT: Readonly<Record<Platform, Readonly<Partial<Record<LocationBase, string>>>>> = {
  linux: {
    home: '.',
    config: '.config',
    data: '.local/share',
    appdata: '.config',
    project: 'work/project',
    system: 'system',
  },
  darwin: {
    home: '.',
    config: '.config',
    data: '.local/share',
    appdata: 'Library/Application Support',
    project: 'work/project',
    system: 'system',
  },
  win32: {
    home: '.',
    config: '.config',
    data: '.local/share',
    appdata: 'AppData/Roaming',
    localappdata: 'AppData/Local',
    project: 'work/project',
    system: 'system',
    programdata: 'system/ProgramData',
  },
};
const ENTRY = { name: 'probe', command: 'true' };
type Document = Record<string, unknown>;

/** A path that a pattern stands for. */
function exampleOf(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment === '**' ? 'some/where' : segment.replaceAll('*', 'any')))
    .join('/');
}

/** Writes a file with one server in the first container of the location. */
function writeProbe(home: TempHome, file: string, { format, containers }: ConfigLocation): void {
  const [container] = containers;
  const write = WRITERS[format];
  assert.ok(container !== undefined && write !== undefined, `${file} as ${format}`);
  home.write(file, write(documentFor(container)));
}

/** The files in which a client's probe was found, relative to the home. */
function filesOfProbes(client: Client, { servers }: Inventory, home: TempHome): ReadonlySet<string> {
  const probes = servers.filter(({ server }) => server.client === client.id && server.name === 'probe');
  return new Set(probes.map(({ server }) => server.config_path.slice(home.path.length + 1)));
}

/** A file of each place that holds servers. */
function filesOf(client: Client, platform: Platform): ReadonlyMap<string, ConfigLocation> {
  const files = new Map<string, ConfigLocation>();
  for (const location of [...client.locations, ...(client.sharedLocations ?? [])]) {
    const base = LAYOUT[platform][location.base];
    const isHere = location.platforms?.includes(platform) ?? true;
    if (base === undefined || !isHere || location.containers.length === 0) continue;
    if (location.embedded !== undefined || location.format === 'plist') continue;
    const path = exampleOf(location.path);
    const file = base === '.' ? path : `${base}/${path}`;
    if (!files.has(file)) files.set(file, location);
  }
  return files;
}

function documentFor({ path, kind }: Container): Document {
  const inner = kind === 'single' ? ENTRY : path.at(-1) === 'plugins' ? [ENTRY] : { probe: ENTRY };
  const named = path.map((key) => (key === '*' ? '/nowhere' : key));
  const document = named.reduceRight<unknown>((value, key) => ({ [key]: value }), inner);
  assert.ok(typeof document === 'object' && document !== null);
  return { ...document, ...(kind === 'single' ? { name: 'probe' } : {}) };
}

const WRITERS: Readonly<Record<string, (document: Document) => string>> = {
  jsonc: (document) => JSON.stringify(document),
  toml: toToml,
  yaml: (document) => toYaml(document),
};

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
