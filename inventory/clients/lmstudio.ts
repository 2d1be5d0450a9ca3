import { type Client, MCP_SERVERS } from './client.ts';

export const lmstudio: Client = {
  id: 'lmstudio',
  title: 'LM Studio',
  processes: ['lm-studio', 'LM Studio'],
  locations: [
    { scope: 'user', base: 'home', path: '.lmstudio/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
    {
      scope: 'user',
      base: 'home',
      path: '.cache/lm-studio/mcp.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
};
