import assert from 'node:assert/strict';
import { normalize } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { DestinationPatterns, destinationFault } from '../../../approval/policy/destination.ts';
import { PathPatterns, pathPatternFault } from '../../../approval/policy/path-pattern.ts';
import { SUBJECT } from './subject.ts';

const { anchors } = SUBJECT;
// biome-ignore lint/suspicious/noTemplateCurlyInString: the marker itself
const IN_PROJECT = '${project}/out/**';

test('a path pattern names one file, or with /** all below a directory', () => {
  const patterns = new PathPatterns(['/usr/bin/git', '~/bin/**', IN_PROJECT], anchors);
  for (const path of [
    '/usr/bin/git',
    '/home/alice/bin/x',
    '/data/home/alice/bin/x/y',
    '/home/alice/work/site/out/a.txt',
  ])
    assert.ok(patterns.match(path), path);
  for (const path of [
    '/usr/bin/git2',
    '/usr/bin/git/x',
    '/home/alice/bin',
    '/home/alice/binx/y',
    '/home/bob/bin/x',
    'usr/bin/git',
    '~/bin/x',
    '',
    '/home/alice/bin/../.ssh/id',
    '/home/alice/bin/./x',
    '/home/alice//bin/x',
    '/home/alice/bin/x/',
    '/home/alice/bin/x\u0000',
  ])
    assert.ok(!patterns.match(path), JSON.stringify(path));
});

test('no path that leads out of a directory once it is walked is below it', () => {
  const patterns = new PathPatterns(['/srv/data/**'], anchors);
  const segment = fc.constantFrom('..', '.', '', 'data', 'srv', 'a', '...', '..a', 'é', '%2e%2e');
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 8 }), (segments) => {
      const path = `/srv/data/${segments.join('/')}`;
      if (patterns.match(path)) assert.ok(normalize(path).startsWith('/srv/data/'), path);
    }),
    { numRuns: 2_000 },
  );
});

test('a path pattern that could mean two things is refused', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the marker itself
  for (const good of ['/', '/**', '/a', '/a/**', '~/a', '~/**', '${project}/a/b', '${project}/**'])
    assert.equal(pathPatternFault(good), null, good);
  for (const bad of [
    'git',
    './a',
    '../a',
    '~',
    '~alice/a',
    '/a/../b',
    '/a//b',
    '/a/',
    '/a/*',
    '/*/b',
    '/a/**/b',
    '~/../x',
    '',
    '//**',
    '/a\n',
  ])
    assert.notEqual(pathPatternFault(bad), null, bad);
});

test('an empty list of paths allows none', () => {
  assert.ok(!new PathPatterns([], anchors).match('/a'));
});

const to = (names: readonly string[], address: string | null = null, port = 443) => ({
  names,
  address,
  port,
});

test('a host is matched by name and port, a star by names below it', () => {
  const patterns = new DestinationPatterns(['api.example.com:443', '*.example.org', 'bücher.example']);
  for (const destination of [
    to(['api.example.com']),
    to(['API.Example.COM.']),
    to(['other', 'a.example.org'], '198.51.100.1', 80),
    to(['a.b.example.org']),
    to(['xn--bcher-kva.example'], null, 1),
  ])
    assert.ok(patterns.match(destination), JSON.stringify(destination));
  for (const destination of [
    to(['api.example.com'], null, 80),
    to(['example.org']),
    to(['evilexample.org']),
    to(['api.example.com.evil.test']),
    to(['api.example.com\u0000.evil.test']),
    to(['ａpi.example.co']),
    to([], '198.51.100.1'),
    to([]),
  ])
    assert.ok(!patterns.match(destination), JSON.stringify(destination));
});

test('an address is matched by range in whatever form it is written', () => {
  const patterns = new DestinationPatterns(['10.0.0.0/8:5432', '192.0.2.7', '[2001:db8::/32]:443', '[::1]']);
  for (const [address, port] of [
    ['10.255.0.1', 5432],
    ['::ffff:10.0.0.1', 5432],
    ['::ffff:0a00:0001', 5432],
    ['192.0.2.7', 1],
    ['2001:db8:ffff::1', 443],
    ['2001:0DB8:0:0::1', 443],
    ['0:0:0:0:0:0:0:1', 9],
  ] as const)
    assert.ok(patterns.match(to([], address, port)), address);
  for (const [address, port] of [
    ['11.0.0.1', 5432],
    ['10.0.0.1', 80],
    ['192.0.2.8', 1],
    ['2001:db9::1', 443],
    ['010.0.0.1', 5432],
    ['10.0.0.1 ', 5432],
    ['::ffff:11.0.0.1', 5432],
  ] as const)
    assert.ok(!patterns.match(to([], address, port)), address);
  assert.ok(!patterns.match(to(['10.0.0.1'], null, 5432)), 'an address is no name');
});

test('a destination that says nothing is refused', () => {
  for (const good of [
    'a',
    'a.b:1',
    '*.a.b',
    '1.2.3.4/32',
    '1.2.3.0/24:80',
    '[::]',
    '[::/0]:1',
    'localhost:65535',
  ])
    assert.equal(destinationFault(good), null, good);
  for (const bad of [
    '',
    ':80',
    'a:0',
    'a:65536',
    'a:b',
    '*',
    'a.*',
    '*.*.b',
    'a/b',
    '1.2.3.4/33',
    '1.2.3/8',
    '::1',
    '[::1',
    '[1.2.3.4]',
    '[::1/129]',
    'http://a',
    'a b',
    '-a.b',
    'a..b',
    '256.1.1.1',
  ])
    assert.notEqual(destinationFault(bad), null, bad);
});
