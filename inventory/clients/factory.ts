import { type Client, MCP_SERVERS } from './client.ts';

export const factory: Client = {
  id: 'factory',
  title: 'Factory droid',
  processes: ['droid'],
  locations: [
    { scope: 'user', base: 'home', path: '.factory/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
    {
      scope: 'project',
      base: 'project',
      path: '.factory/mcp.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
};
