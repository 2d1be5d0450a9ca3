import { type Client, MCP_SERVERS } from './client.ts';

export const antigravity: Client = {
  id: 'antigravity',
  title: 'Antigravity',
  processes: ['antigravity'],
  locations: [
    {
      scope: 'user',
      base: 'home',
      path: '.gemini/antigravity/mcp_config.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'home',
      path: '.gemini/config/mcp_config.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.agents/mcp_config.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
};
