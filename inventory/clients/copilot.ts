import { type Client, MCP_SERVERS } from './client.ts';

export const copilot: Client = {
  id: 'copilot',
  title: 'GitHub Copilot CLI',
  processes: ['copilot'],
  locations: [
    {
      scope: 'user',
      base: 'home',
      path: '.copilot/mcp-config.json',
      movedBy: [{ variable: 'COPILOT_HOME', path: 'mcp-config.json' }],
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    { scope: 'project', base: 'project', path: '.github/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
  ],
};
