import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRemote } from '../../../guard/remote/remote-server.ts';
import { readRemoteUrl } from '../../../guard/remote/remote-url.ts';
import { NO_HEADERS } from './fronted-server.ts';

const refused = { name: 'GuardError', code: 'GUARD_REMOTE_URL_REFUSED' };

for (const text of [
  'https://mcp.example.com/mcp',
  'http://localhost:3001/mcp',
  'http://127.0.0.1/mcp',
  'http://127.8.9.10/mcp',
  'http://2130706433/mcp',
  'http://[::1]:8080/sse',
]) {
  test(`${text} is taken`, () => {
    assert.equal(readRemoteUrl(text, false).href, new URL(text).href);
  });
}

for (const text of [
  'http://mcp.example.com/mcp',
  'http://10.0.0.1/mcp',
  'http://localhost.example.com/mcp',
  'http://127.0.0.1.example.com/mcp',
  'http://[::ffff:10.0.0.1]/mcp',
  'ws://localhost/mcp',
  'file:///etc/passwd',
  'mcp.example.com',
  '',
  'https://user:secret@mcp.example.com/mcp',
  'https://token@mcp.example.com/mcp',
]) {
  test(`'${text}' is refused`, () => {
    assert.throws(() => readRemoteUrl(text, false), refused);
  });
}

test('what is refused is not repeated where it may hold a secret', () => {
  assert.throws(
    () => readRemoteUrl('https://user:hunter2@mcp.example.com/mcp', false),
    (error: Error) => !error.message.includes('hunter2'),
  );
});

test('plain http to another machine is reported where it is allowed', async () => {
  const faults: string[] = [];
  const remote = openRemote({
    url: 'http://10.0.0.1/mcp',
    transport: 'http',
    headers: NO_HEADERS,
    allowPlaintext: true,
    onFault: ({ code }) => faults.push(code),
  });
  await remote.close();
  assert.deepEqual(faults, ['GUARD_REMOTE_URL_REFUSED']);
  assert.equal(await remote.ended, null);
});
