import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import * as z from 'zod';
import { readTools, type Tool } from '../../../guard/tools/tool.ts';
import { TempDirectory } from '../../temp-directory.ts';

const REAL_SERVERS = ['server-everything', 'server-filesystem', 'server-memory'] as const;

const modules = fileURLToPath(new URL('../../../node_modules/@modelcontextprotocol/', import.meta.url));
const manifestSchema = z.object({ bin: z.record(z.string(), z.string()) });

/** The answer of a server of the MCP project to `tools/list`, as it came. */
async function listingOf(server: (typeof REAL_SERVERS)[number]): Promise<unknown> {
  using directory = new TempDirectory();
  const { bin } = manifestSchema.parse(JSON.parse(readFileSync(`${modules}${server}/package.json`, 'utf8')));
  const transport = new StdioClientTransport({
    command: process.execPath,
    // It takes the directories that it may touch; the others take no argument.
    args: [
      `${modules}${server}/${Object.values(bin)[0]}`,
      ...(server === 'server-filesystem' ? [directory.path] : []),
    ],
    env: { MEMORY_FILE_PATH: directory.at('memory.jsonl'), HOME: directory.path },
    stderr: 'ignore',
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  const listing = await client.request(
    { method: 'tools/list' },
    z.looseObject({ tools: z.array(z.unknown()) }),
  );
  await client.close();
  return listing;
}

/** The tools of all of them, by name of the server. */
export async function realTools(): Promise<ReadonlyMap<string, readonly Tool[]>> {
  const lists = REAL_SERVERS.map(async (name) => [name, readTools(await listingOf(name)).tools] as const);
  return new Map(await Promise.all(lists));
}
