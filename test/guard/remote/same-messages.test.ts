import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  type JSONRPCMessage,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { openRemote } from '../../../guard/remote/remote-server.ts';
import { EverythingServer } from './everything-server.ts';
import { NO_HEADERS } from './fronted-server.ts';
import { RecordedTransport, StreamTransport } from './stream-transport.ts';

const RESOURCE = 'demo://resource/dynamic/text/1';
/** What the server sends by itself. */
const KINDS = [
  'roots/list',
  'sampling/createMessage',
  'elicitation/create',
  'notifications/message',
  'notifications/progress',
  'notifications/resources/updated',
];
/** What differs between two sessions with the same server. */
const OF_ONE_SESSION =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{1,2}:\d\d:\d\d [AP]M/g;

function makeClient(): Client {
  const capabilities = { roots: { listChanged: true }, sampling: {}, elicitation: {} };
  const client = new Client({ name: 'recorded-client', version: '1.0.0' }, { capabilities });
  client.setRequestHandler(ListRootsRequestSchema, () => ({
    roots: [{ uri: 'file:///work', name: 'work' }],
  }));
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'none',
    role: 'assistant' as const,
    content: { type: 'text' as const, text: 'word' },
  }));
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' as const }));
  return client;
}

/** Uses all that a session has, and gives what the client received. */
async function received(transport: Transport): Promise<readonly JSONRPCMessage[]> {
  const recorded = new RecordedTransport(transport);
  const client = makeClient();
  const call = (name: string, args: Record<string, unknown> = {}) =>
    client.callTool({ name, arguments: args });
  await client.connect(recorded);
  // The server asks for the roots by itself, over its own stream, and tells that it has them.
  await until(() => recorded.received.some((message) => JSON.stringify(message).includes('Roots updated')));
  await client.setLoggingLevel('debug');
  await client.listTools();
  await call('echo', { message: 'Grüße, 世界, "\\u0000"\n' });
  await call('get-sum', { a: 1, b: 2.5 });
  await call('get-structured-content', { location: 'Chicago' });
  await call('get-tiny-image');
  await call('echo', {});
  await client.callTool(
    { name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } },
    undefined,
    { onprogress: () => {} },
  );
  await call('trigger-sampling-request', { prompt: 'Say a word', maxTokens: 10 });
  await call('trigger-elicitation-request');
  await client.subscribeResource({ uri: RESOURCE });
  await call('toggle-subscriber-updates');
  await call('toggle-subscriber-updates');
  await client.readResource({ uri: RESOURCE });
  await client.unsubscribeResource({ uri: RESOURCE });
  await client.listPrompts();
  await client.getPrompt({ name: 'args-prompt', arguments: { city: 'Basel' } });
  await assert.rejects(client.getPrompt({ name: 'no-such-prompt' }));
  await Promise.all(Array.from({ length: 40 }, (_, index) => call('echo', { message: `${index}` })));
  await client.ping();
  await client.close();
  return recorded.received;
}

function progressOf(messages: readonly JSONRPCMessage[]): readonly unknown[] {
  return messages.flatMap((message) =>
    'method' in message && message.method === 'notifications/progress' ? [message.params?.['progress']] : [],
  );
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

/** Sorted, for messages of two streams have no order between them. */
function comparable(messages: readonly JSONRPCMessage[]): readonly string[] {
  return messages.map((message) => JSON.stringify(sorted(message)).replaceAll(OF_ONE_SESSION, '…')).sort();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

function fronted(url: string, transport: 'http' | 'sse', faults: string[]): Transport {
  return new StreamTransport(
    openRemote({ url, transport, headers: NO_HEADERS, onFault: ({ code }) => faults.push(code) }),
  );
}

for (const mode of ['streamableHttp', 'sse'] as const) {
  test(`a client receives the same messages of server-everything through the guard as without it (${mode})`, async () => {
    await using server = await EverythingServer.start(mode);
    const url = new URL(server.url);
    const direct = await received(
      mode === 'sse' ? new SSEClientTransport(url) : new StreamableHTTPClientTransport(url),
    );
    const faults: string[] = [];
    const through = await received(fronted(server.url, mode === 'sse' ? 'sse' : 'http', faults));
    assert.deepEqual(
      KINDS.filter((kind) => !direct.some((message) => 'method' in message && message.method === kind)),
      [],
      'the session used all that the server does',
    );
    assert.deepEqual(progressOf(through), [1, 2, 3]);
    assert.deepEqual(comparable(through), comparable(direct));
    assert.deepEqual(faults, []);
  });
}

test('a server of the older kind is found where the config says http', async () => {
  await using server = await EverythingServer.start('sse');
  const faults: string[] = [];
  const client = makeClient();
  await client.connect(fronted(server.url, 'http', faults));
  const { tools } = await client.listTools();
  assert.ok(tools.some(({ name }) => name === 'echo'));
  await client.close();
  assert.deepEqual(faults, []);
});
