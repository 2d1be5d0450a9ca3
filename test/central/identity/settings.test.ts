import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverNames } from '../../../central/identity/server-certificate.ts';
import { identitySettings } from '../../../central/index.ts';

test('settings have defaults, and every wrong one is refused', () => {
  const { directory, ...rest } = identitySettings.parse({ directory: '/var/lib/central/authority' });
  assert.equal(directory, '/var/lib/central/authority');
  assert.deepEqual(rest, {
    listen: { host: '0.0.0.0', port: 7443 },
    names: [],
    certificate_hours: 24,
    reenrol_days: 90,
    reenrol_groups: [],
  });
  assert.deepEqual(identitySettings.parse({ directory: 'd', listen: '[::1]:0' }).listen, {
    host: '::1',
    port: 0,
  });
  for (const wrong of [
    {},
    { directory: '' },
    { listen: 'x' },
    { listen: '127.0.0.1:65536' },
    { trust_domain: 'Fleet' },
    { trust_domain: 'fleet/agent' },
    { trust_domain: '' },
    { names: ['not a name'] },
    { names: ['-x'] },
    { certificate_hours: 0 },
    { reenrol_days: -1 },
    { more: 1 },
  ]) {
    const all =
      'directory' in wrong || Object.keys(wrong).length === 0 ? wrong : { directory: 'd', ...wrong };
    assert.equal(identitySettings.safeParse(all).success, false, JSON.stringify(wrong));
  }
});

test('central is named by the address it listens on, on all of them by every one of this host', () => {
  assert.deepEqual(serverNames('203.0.113.9', ['central.example']), ['central.example', '203.0.113.9']);
  assert.deepEqual(serverNames('127.0.0.1', []), ['127.0.0.1', 'localhost', '::1']);
  const all = serverNames('0.0.0.0', []);
  for (const name of ['localhost', '127.0.0.1']) assert.ok(all.includes(name));
  assert.ok(!all.includes('0.0.0.0'));
});
