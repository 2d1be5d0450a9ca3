import { type Client, MCP_SERVERS } from './client.ts';
import { directory, userFile } from './locations.ts';

const DIRECTORIES = [
  directory('home', '.sema4ai/sema4ai-studio'),
  directory('localappdata', 'sema4ai/sema4ai-studio', {}, ['win32']),
];

export const sema4: Client = {
  id: 'sema4',
  title: 'Sema4.ai Studio',
  aliases: ['sema4ai'],
  processes: ['sema4ai-studio', 'Sema4.ai Studio'],
  locations: DIRECTORIES.map((parent) => userFile(parent, 'mcp_servers.json', MCP_SERVERS)),
};
