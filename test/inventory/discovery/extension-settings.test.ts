import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { TempHome } from '../temp-home.ts';

const EXTENSION = '.config/Claude/Claude Extensions/ant.dir.files';
const SETTINGS = '.config/Claude/Claude Extensions Settings/ant.dir.files.json';

function layOut(home: TempHome): void {
  home.write(`${EXTENSION}/manifest.json`, {
    name: 'files',
    server: {
      type: 'node',
      mcp_config: { command: 'node', args: [`\${__dirname}/server.js`, '--list', `\${user_config.list}`] },
    },
  });
  home.write(`${EXTENSION}/server.js`, 'x');
  home.write('lists/one.txt', 'x');
}

async function extension(home: TempHome) {
  const { servers } = await home.scan();
  const found = servers.find(({ server }) => server.name === 'files')?.server;
  assert.ok(found);
  return { ...found, paths: found.closure.artefacts.map(({ path }) => path) };
}

test('an extension is on or off as its user set it, and its settings name its files', async () => {
  using home = new TempHome();
  layOut(home);
  const unset = await extension(home);
  assert.equal(unset.disabled, null);
  assert.ok(unset.paths.includes(join(home.path, EXTENSION, 'server.js')));
  assert.ok(!unset.paths.includes(join(home.path, 'lists/one.txt')));
  home.write(SETTINGS, {
    isEnabled: false,
    userConfig: { list: join(home.path, 'lists/one.txt'), count: 3 },
  });
  const off = await extension(home);
  assert.equal(off.disabled, true);
  assert.equal(off.id, unset.id);
  home.write(SETTINGS, { isEnabled: true });
  assert.equal((await extension(home)).disabled, false);
});

test('settings that are broken leave the extension as its manifest says', async () => {
  using home = new TempHome();
  layOut(home);
  home.write(SETTINGS, '{"isEnabled": fal');
  assert.equal((await extension(home)).disabled, null);
  home.write(SETTINGS, { isEnabled: 'no', userConfig: [] });
  assert.equal((await extension(home)).disabled, null);
});
