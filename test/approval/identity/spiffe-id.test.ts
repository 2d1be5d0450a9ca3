import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostId, isSpiffeId, standaloneIssuer, workloadId } from '../../../approval/identity/spiffe-id.ts';

const HOST = hostId({ trustDomain: 'example.org', host: 'build-7' });

test('an id names host, client and server', () => {
  assert.equal(
    workloadId(HOST, { client: 'claude-code', server: 'files' }),
    'spiffe://example.org/host/build-7/client/claude-code/server/files',
  );
});

test('every name gives a valid id, and different names different ids', () => {
  const name = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('.', '..', '', 'a/b', 'a_b'),
  );
  fc.assert(
    fc.property(name, name, name, name, (client, server, otherClient, otherServer) => {
      const id = workloadId(HOST, { client, server });
      assert.ok(isSpiffeId(id) && id.length <= 529, id);
      const same = client === otherClient && server === otherServer;
      assert.equal(id === workloadId(HOST, { client: otherClient, server: otherServer }), same);
    }),
  );
});

test('a name cannot pass for the replacement of another', () => {
  const replaced = workloadId(HOST, { client: 'c', server: 'my files' }).split('/').at(-1) ?? '';
  assert.match(replaced, /^my_files_[0-9a-f]{32}$/);
  assert.notEqual(workloadId(HOST, { client: 'c', server: replaced }).split('/').at(-1), replaced);
});

test('a name cannot add segments, and a long one is cut', () => {
  const id = workloadId(HOST, { client: 'x/server/admin', server: '../../h2' });
  assert.equal(id.split('/').length, 9);
  assert.ok(workloadId(HOST, { client: 'c', server: 'n'.repeat(10_000) }).length < 529);
});

test('names that differ in lone surrogates only have different ids', () => {
  const ids = ['\ud800', '\ud801', '\ufffd'].map((server) => workloadId(HOST, { client: 'c', server }));
  assert.equal(new Set(ids).size, 3);
});

test('what is no trust domain is refused', () => {
  for (const trustDomain of ['', 'Example.org', 'a/b', 'a b', 'example.org:443', 'u@h', 'é', 'x'.repeat(256)])
    assert.throws(
      () => hostId({ trustDomain, host: 'h' }),
      { code: 'APPROVAL_TRUST_DOMAIN_INVALID' },
      trustDomain,
    );
});

test('a host of no fleet is its own trust domain, whatever its name', () => {
  assert.equal(hostId(standaloneIssuer('build-7.corp')), 'spiffe://build-7.corp/host/build-7.corp');
  for (const host of ['', 'Ann’s Mac', 'x'.repeat(1_000), '\0', 'HOST_1'])
    assert.ok(isSpiffeId(hostId(standaloneIssuer(host))), host);
});

test('what only looks like an id is none', () => {
  const odd = [
    ...[
      'spiffe://',
      'SPIFFE://a/b',
      'spiffe://A/b',
      'spiffe://a/',
      'spiffe://a//b',
      'spiffe://a/./b',
      'spiffe://a/..',
    ],
    ...[
      'spiffe://a/b?c',
      'spiffe://a/b#c',
      'spiffe://a/%2e',
      'spiffe://a:1/b',
      'spiffe://a/b\n',
      'https://a/b',
    ],
    `spiffe://a/${'b'.repeat(2_048)}`,
  ];
  for (const id of odd) assert.ok(!isSpiffeId(id), id);
});
