import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport, type StdioServerParameters } from '@modelcontextprotocol/sdk/client/stdio.js';

/** A real MCP session of the official SDK, as a client would hold it; `tools` proves that the server answered. */
export async function openSession(
  entry: StdioServerParameters,
): Promise<{ readonly tools: number; close(): Promise<void> }> {
  const client = new Client({ name: 'e2e-client', version: '1.0.0' });
  await client.connect(new StdioClientTransport({ ...entry, stderr: 'ignore' }));
  const { tools } = await client.listTools();
  return { tools: tools.length, close: () => client.close() };
}
