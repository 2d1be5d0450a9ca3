import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksFor, type GuardRequest, readRemoteTarget } from '../../guard/request.ts';
import { readEntry } from '../../inventory/index.ts';

function request(url: string, transport: 'http' | 'sse' = 'http'): GuardRequest {
  const remote = { url, transport };
  return { client: null, name: null, config: null, command: '', args: [], remote, cwd: '/', env: {} };
}

function asks(raw: Parameters<typeof readEntry>[1], asked: GuardRequest): boolean {
  return asksFor(readEntry('server', raw, null, () => null).entry, asked);
}

for (const [text, client, expected] of [
  ['{"url":"https://a.example/mcp"}', 'cursor', { url: 'https://a.example/mcp', transport: 'http' }],
  ['{"url":"https://a.example/sse"}', 'cursor', { url: 'https://a.example/sse', transport: 'sse' }],
  ['{"type":"sse","url":"https://a.example/x"}', null, { url: 'https://a.example/x', transport: 'sse' }],
  ['{"url":"https://a.example/x"}', 'gemini', { url: 'https://a.example/x', transport: 'sse' }],
  ['{"httpUrl":"https://a.example/x"}', 'gemini', { url: 'https://a.example/x', transport: 'http' }],
  ['{"url":"https://a.example/x"}', 'no such client', { url: 'https://a.example/x', transport: 'http' }],
] as const) {
  test(`${text} of ${client ?? 'an unknown client'} is ${expected.url} over ${expected.transport}`, () => {
    assert.deepEqual(readRemoteTarget(text, client), expected);
  });
}

for (const text of [
  '',
  'null',
  '[]',
  '{}',
  '{"url":1}',
  '{"url":"https://a.example/x","command":"sh"}',
  '{"url":"https://a.example/x","type":"stdio"}',
  '{"url":"https://a.example/x","type":"ws"}',
  `{"url":"https://a.example/${'x'.repeat(70_000)}"}`,
]) {
  test(`${text.slice(0, 60)} is no remote server`, () => {
    assert.equal(readRemoteTarget(text, 'cursor'), null);
  });
}

test('an entry asks for a remote server by its url and transport', () => {
  const raw = { url: 'https://a.example/mcp' };
  assert.ok(asks(raw, request('https://a.example/mcp')));
  assert.ok(!asks(raw, request('https://a.example/mcp/')));
  assert.ok(!asks(raw, request('https://b.example/mcp')));
  assert.ok(!asks(raw, request('https://a.example/mcp', 'sse')));
});

test('an entry with a command asks for no remote server, and one without for no command', () => {
  assert.ok(
    !asks({ command: 'sh', url: 'https://a.example/mcp', type: 'http' }, request('https://a.example/mcp')),
  );
  assert.ok(!asks({ url: 'https://a.example/mcp' }, { ...request(''), remote: null }));
});

test('a variable in the path of a url matches what the client puts there', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as clients write it
  const raw = { url: 'https://a.example/${TENANT}/mcp' };
  assert.ok(asks(raw, request('https://a.example/acme/mcp')));
  assert.ok(!asks(raw, request('https://b.example/acme/mcp')));
});

test('a variable in the place of the host matches nothing but itself', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: as clients write it
  for (const url of [
    '${URL}',
    'https://${HOST}/mcp',
    'https://a.example${REST}',
    'https://a.example:${PORT}/mcp',
  ]) {
    assert.ok(asks({ url, type: 'http' }, request(url)));
    assert.ok(!asks({ url, type: 'http' }, request('https://a.example.evil.example/mcp')), url);
    assert.ok(!asks({ url, type: 'http' }, request('https://a.example:x@evil.example/mcp')), url);
  }
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as clients write it
});
