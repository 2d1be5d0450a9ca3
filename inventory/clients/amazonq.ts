import { type Client, MCP_SERVERS } from './client.ts';

export const amazonq: Client = {
  id: 'amazonq',
  title: 'Amazon Q',
  processes: ['q', 'qchat', 'amazon-q'],
  locations: [
    { scope: 'user', base: 'home', path: '.aws/amazonq/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
    {
      scope: 'user',
      base: 'home',
      path: '.aws/amazonq/agents/default.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'home',
      path: '.aws/amazonq/agents/mcp.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'home',
      path: '.aws/amazonq/cli-agents/*.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.amazonq/mcp.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.amazonq/cli-agents/*.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
};
