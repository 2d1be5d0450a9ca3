import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Standing } from '../../../guard/sight/server-sight.ts';
import { RemoteHome } from '../remote-home.ts';

const URL = 'https://mcp.example.com/mcp';

function stateOf(standing: Standing): string {
  return standing.kind === 'known' ? standing.verdict.state : standing.kind;
}

test('a remote server is known by its url, and approved by its entry', async () => {
  using home = new RemoteHome();
  home.configure({ url: URL });
  assert.equal(stateOf(await home.look(URL)), 'pending');
  await home.approve(URL);
  assert.equal(stateOf(await home.look(URL)), 'approved');
});

test('an entry that leads elsewhere is no longer what was approved', async () => {
  using home = new RemoteHome();
  home.configure({ url: URL });
  await home.approve(URL);
  home.configure({ url: 'https://evil.example/mcp' });
  assert.equal(stateOf(await home.look(URL)), 'mismatch');
  assert.equal(stateOf(await home.look('https://evil.example/mcp')), 'drifted');
});

test('a header in the entry is part of what was approved', async () => {
  using home = new RemoteHome();
  home.configure({ url: URL });
  await home.approve(URL);
  home.configure({ url: URL, headers: { 'X-Tenant': 'other' } });
  assert.equal(stateOf(await home.look(URL)), 'drifted');
});

test('a url that no entry asks for is of an unknown server', async () => {
  using home = new RemoteHome();
  home.configure({ url: URL });
  assert.equal(stateOf(await home.look('https://evil.example/mcp', null)), 'unknown');
});

test('what the named entry asks for is told without its secrets', async () => {
  using home = new RemoteHome();
  home.configure({ url: 'https://mcp.example.com/mcp?token=ghp_012345678901234567890123456789abcdef' });
  const standing = await home.look(URL);
  assert.ok(standing.kind === 'mismatch');
  assert.match(standing.asked, /^https:\/\/mcp\.example\.com\/mcp/);
  assert.doesNotMatch(standing.asked, /ghp_0123/);
});
