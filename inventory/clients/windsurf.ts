import { type Client, MCP_SERVERS } from './client.ts';

export const windsurf: Client = {
  id: 'windsurf',
  title: 'Windsurf',
  processes: ['windsurf', 'Windsurf'],
  locations: [
    {
      scope: 'user',
      base: 'home',
      path: '.codeium/windsurf/mcp_config.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'home',
      path: '.codeium/mcp_config.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    { scope: 'user', base: 'home', path: '.windsurf/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
    {
      scope: 'project',
      base: 'project',
      path: '.windsurf/mcp.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
};
