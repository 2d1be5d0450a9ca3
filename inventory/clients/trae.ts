import { type Client, MCP_SERVERS } from './client.ts';

export const trae: Client = {
  id: 'trae',
  title: 'Trae',
  processes: ['trae', 'Trae'],
  locations: [
    { scope: 'user', base: 'appdata', path: 'Trae/User/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
    { scope: 'project', base: 'project', path: '.trae/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
  ],
};
