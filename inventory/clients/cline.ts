import { type Client, MCP_SERVERS } from './client.ts';

export const cline: Client = {
  id: 'cline',
  title: 'Cline',
  processes: ['cline'],
  locations: [
    {
      scope: 'user',
      base: 'appdata',
      path: 'Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'appdata',
      path: 'Cursor/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'home',
      path: '.cline/data/settings/cline_mcp_settings.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
};
