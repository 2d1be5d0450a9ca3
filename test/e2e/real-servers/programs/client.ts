// Stands for an MCP client: starts every server of a config as the config says and uses it until the time is up.
// Arguments: the config, the directory to work in, seconds. Its last line of output is a `Summary`.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { SCRIPTS } from './calls.ts';

/** Milliseconds between two calls: a client waits for its model, and the machine has other work. */
const PAUSE_MS = 30;
/** Rounds of its script after which a server is started anew. */
const ROUNDS = 8;

/** What was done with one server. */
export interface Usage {
  starts: number;
  calls: number;
  /** Tools that the server offers and nobody called. */
  uncalled: readonly string[];
  /** Calls that the server answered with an error, the first few of them. */
  failures: string[];
}
export type Summary = Readonly<Record<string, Readonly<Usage>>>;

const MAX_FAILURES = 5;
const [configPath = '', workspace = '', seconds = ''] = process.argv.slice(2);
const deadline = Date.now() + Number(seconds) * 1_000;
const isOver = () => Date.now() > deadline;

function makeClient(): Client {
  const capabilities = { roots: {}, sampling: {}, elicitation: {} };
  const client = new Client({ name: 'scripted-client', version: '1.0.0' }, { capabilities });
  client.setRequestHandler(ListRootsRequestSchema, () => ({
    roots: [{ uri: pathToFileURL(workspace).href, name: 'work' }],
  }));
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'none',
    role: 'assistant' as const,
    content: { type: 'text' as const, text: 'word' },
  }));
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' as const }));
  return client;
}

/** Lists all that a server offers and reads of each kind; answers how many requests that were. */
async function look(client: Client): Promise<number> {
  let requests = 0;
  const { prompts, resources } = client.getServerCapabilities() ?? {};
  if (prompts !== undefined) {
    const known = new Set((await client.listPrompts()).prompts.map(({ name }) => name));
    requests += 1;
    if (known.has('simple-prompt')) {
      await client.getPrompt({ name: 'simple-prompt' });
      await client.getPrompt({ name: 'args-prompt', arguments: { city: 'Basel' } });
      requests += 2;
    }
  }
  if (resources !== undefined) {
    const [first] = (await client.listResources()).resources;
    await client.listResourceTemplates();
    if (first !== undefined) await client.readResource({ uri: first.uri });
    requests += first === undefined ? 2 : 3;
  }
  return requests;
}

async function round(client: Client, name: string, usage: Usage): Promise<void> {
  for (const [tool, args] of SCRIPTS[name]?.(usage.calls, workspace) ?? []) {
    const { isError, content } = await client.callTool({ name: tool, arguments: { ...args } });
    usage.calls += 1;
    if (isError === true && usage.failures.length < MAX_FAILURES)
      usage.failures.push(`${tool}: ${JSON.stringify(content).slice(0, 300)}`);
    await sleep(PAUSE_MS);
  }
}

async function session(name: string, entry: StdioEntry, usage: Usage): Promise<void> {
  const client = makeClient();
  await client.connect(new StdioClientTransport({ ...entry, stderr: 'ignore' }));
  usage.starts += 1;
  const { tools } = await client.listTools();
  const called = new Set((SCRIPTS[name]?.(0, workspace) ?? []).map(([tool]) => tool));
  usage.uncalled = tools.map((tool) => tool.name).filter((tool) => !called.has(tool));
  usage.calls += 1 + (await look(client));
  let rounds = 0;
  // One in any case: a server whose own first requests nobody answered outlives its client for a minute.
  do await round(client, name, usage);
  while (++rounds < ROUNDS && !isOver());
  await client.close();
}

async function use(name: string, entry: StdioEntry): Promise<readonly [string, Usage]> {
  const usage: Usage = { starts: 0, calls: 0, uncalled: [], failures: [] };
  do await session(name, entry, usage);
  while (!isOver());
  return [name, usage];
}

type StdioEntry = ConstructorParameters<typeof StdioClientTransport>[0];
const { mcpServers } = JSON.parse(readFileSync(configPath, 'utf8')) as {
  mcpServers: Record<string, StdioEntry>;
};
const used = await Promise.all(Object.entries(mcpServers).map(([name, entry]) => use(name, entry)));
console.log(JSON.stringify(Object.fromEntries(used)));
