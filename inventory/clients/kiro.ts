import { type Client, MCP_SERVERS } from './client.ts';

export const kiro: Client = {
  id: 'kiro',
  title: 'Kiro',
  processes: ['kiro', 'Kiro', 'kiro-cli'],
  locations: [
    {
      scope: 'user',
      base: 'home',
      path: '.kiro/settings/mcp.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    { scope: 'user', base: 'home', path: '.kiro/agents/*.json', format: 'jsonc', containers: MCP_SERVERS },
    {
      scope: 'project',
      base: 'project',
      path: '.kiro/settings/mcp.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.kiro/agents/*.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
};
