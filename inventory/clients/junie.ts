import { type Client, MCP_SERVERS } from './client.ts';

export const junie: Client = {
  id: 'junie',
  title: 'Junie',
  processes: ['junie'],
  locations: [
    { scope: 'user', base: 'home', path: '.junie/mcp/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
    {
      scope: 'project',
      base: 'project',
      path: '.junie/mcp/mcp.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
};
