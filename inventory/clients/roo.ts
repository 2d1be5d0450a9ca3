import { type Client, MCP_SERVERS } from './client.ts';

export const roo: Client = {
  id: 'roo',
  title: 'Roo Code',
  processes: ['roo'],
  locations: [
    {
      scope: 'user',
      base: 'appdata',
      path: 'Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    { scope: 'project', base: 'project', path: '.roo/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
  ],
};
