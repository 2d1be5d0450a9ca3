import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { type Entry, GuardedHost, type Profile } from './guarded-host.ts';

const resolve = createRequire(import.meta.url).resolve;
const PATIENCE = { timeout: 120_000 };
const PROFILES: readonly Profile[] = ['developer', 'production'];

/** A real server, started as its `bin` is. */
function server(name: string, ...args: string[]): Entry {
  const main = resolve(`@modelcontextprotocol/${name}/dist/index.js`);
  return { command: process.execPath, args: [main, ...args] };
}

interface Said {
  readonly from: 'client' | 'server';
  readonly message: JSONRPCMessage;
}

/** A client of the official SDK that answers all a server may ask, and a record of every message. */
async function recorded(
  start: { command: string; args: string[]; env: Record<string, string> },
  cwd: string,
  session: (client: Client) => Promise<void>,
): Promise<readonly Said[]> {
  const said: Said[] = [];
  const transport = new StdioClientTransport({ ...start, cwd, stderr: 'ignore' });
  const capabilities = { sampling: {}, elicitation: {}, roots: { listChanged: true } };
  const client = new Client({ name: 'transcript', version: '1.0.0' }, { capabilities });
  client.setRequestHandler(ListRootsRequestSchema, () => ({
    roots: [{ uri: `file://${cwd}`, name: 'home' }],
  }));
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: 'sampled' },
  }));
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' }));
  const send = transport.send.bind(transport);
  transport.send = (message) => {
    said.push({ from: 'client', message });
    return send(message);
  };
  const connected = client.connect(transport);
  const heard = transport.onmessage;
  transport.onmessage = (message) => {
    said.push({ from: 'server', message });
    heard?.(message);
  };
  await connected;
  // Servers ask for the roots by themselves, some time after they were initialised.
  await sleep(1_000);
  await session(client);
  await client.close();
  return said;
}

/** Messages of one side, without what is another at each run. */
function comparable(said: readonly Said[], from: Said['from']): readonly string[] {
  const lines = said
    .filter((item) => item.from === from)
    .map(({ message }) =>
      // Ids that the server chooses depend on what it asks first.
      JSON.stringify(
        'method' in message === (from === 'server') && 'id' in message ? { ...message, id: 0 } : message,
      )
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
        .replaceAll(/sealwatch-e2e-\w+/g, 'HOME'),
    )
    .toSorted();
  // How often the server says that its tools changed, or asks for the roots, is up to its timers.
  return [...new Set(lines)];
}

async function compare(
  context: TestContext,
  profile: Profile,
  entryOf: (host: GuardedHost) => Entry,
  session: (client: Client, host: GuardedHost) => Promise<void>,
): Promise<void> {
  const host = new GuardedHost(context, profile);
  const entry = entryOf(host);
  host.configure({ one: entry });
  await host.approve('one');
  const bare = { command: entry.command, args: [...entry.args], env: host.env(entry) };
  const direct = await recorded(bare, host.host.home, (client) => session(client, host));
  const guarded = await recorded(host.guarded(entry), host.host.home, (client) => session(client, host));
  for (const side of ['client', 'server'] as const) {
    const [here, there] = [comparable(guarded, side), comparable(direct, side)];
    const differs = here.findIndex((line, at) => line !== there[at]);
    assert.equal(here[differs]?.slice(0, 2_000), there[differs]?.slice(0, 2_000));
    assert.equal(here.length, there.length);
  }
  assert.ok(direct.length > 10, 'something was said');
  context.diagnostic(`${direct.length} messages, the same through the guard`);
}

/** Every list, every prompt and resource, and tools with what they ask of the client. */
async function everything(client: Client, { profile }: GuardedHost): Promise<void> {
  const { tools } = await client.listTools();
  const named = (name: string) => tools.some((tool) => tool.name === name);
  // Production takes calls of tools only that the server has listed.
  for (const [name, args] of [
    ['echo', { message: 'grüße 👋 \u2028 "quoted"' }],
    ['get-sum', { a: 1, b: 2 }],
    ['get-tiny-image', {}],
    ['get-structured-content', { location: 'New York' }],
    ['get-annotated-message', { messageType: 'error', includeImage: true }],
    ['get-resource-links', { count: 3 }],
    ['trigger-sampling-request', { prompt: 'p', maxTokens: 10 }],
    ['trigger-elicitation-request', {}],
    ['get-roots-list', {}],
    ['no-such-tool', {}],
  ] as const)
    if (named(name) || (name === 'no-such-tool' && profile === 'developer'))
      await client.callTool({ name, arguments: args }).catch(() => {});
  if (named('trigger-long-running-operation'))
    await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 } },
      undefined,
      { onprogress: () => {} },
    );
  const { prompts } = await client.listPrompts();
  for (const { name } of prompts) await client.getPrompt({ name, arguments: { city: 'x' } }).catch(() => {});
  const { resources } = await client.listResources();
  for (const { uri } of resources.slice(0, 3)) await client.readResource({ uri });
  await client.listResourceTemplates();
  await client.setLoggingLevel('error');
  await client.ping();
}

async function files(client: Client, { host }: GuardedHost): Promise<void> {
  const at = (name: string) => host.at('data', name);
  await client.listTools();
  await client.callTool({ name: 'write_file', arguments: { path: at('a.txt'), content: 'one\ntwo\n' } });
  await client.callTool({ name: 'read_text_file', arguments: { path: at('a.txt') } });
  await client.callTool({ name: 'read_text_file', arguments: { path: at('big.txt') } });
  await client.callTool({ name: 'list_directory', arguments: { path: host.at('data') } });
  await client.callTool({ name: 'read_text_file', arguments: { path: '/etc/hostname' } }).catch(() => {});
  const edits = [{ oldText: 'two', newText: 'three' }];
  await client.callTool({ name: 'edit_file', arguments: { path: at('a.txt'), edits } });
}

async function memory(client: Client): Promise<void> {
  await client.listTools();
  const entity = { name: 'e', entityType: 't', observations: ['o'] };
  await client.callTool({ name: 'delete_entities', arguments: { entityNames: ['e'] } });
  await client.callTool({ name: 'create_entities', arguments: { entities: [entity] } });
  await client.callTool({ name: 'read_graph', arguments: {} });
  await client.callTool({ name: 'search_nodes', arguments: { query: 'e' } });
}

for (const profile of PROFILES) {
  test(`a session with server-everything is the same through the guard, in ${profile}`, PATIENCE, (context) =>
    compare(context, profile, () => server('server-everything', 'stdio'), everything),
  );

  test(`a session with server-filesystem is the same through the guard, in ${profile}`, PATIENCE, (context) =>
    compare(
      context,
      profile,
      ({ host }) => {
        mkdirSync(host.at('data'));
        // Longer than what the guard holds back of one message.
        writeFileSync(host.at('data', 'big.txt'), 'a line of a long text\n'.repeat(60_000));
        return server('server-filesystem', host.at('data'));
      },
      files,
    ),
  );

  test(`a session with server-memory is the same through the guard, in ${profile}`, PATIENCE, (context) =>
    compare(
      context,
      profile,
      ({ host }) => ({ ...server('server-memory'), env: { MEMORY_FILE_PATH: host.at('memory.jsonl') } }),
      memory,
    ),
  );
}
