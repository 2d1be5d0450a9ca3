import { type Client, MCP_SERVERS } from './client.ts';

export const cursor: Client = {
  id: 'cursor',
  title: 'Cursor',
  processes: ['cursor', 'Cursor', 'cursor-agent', 'Cursor.exe'],
  locations: [
    { scope: 'user', base: 'home', path: '.cursor/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
    {
      scope: 'user',
      base: 'appdata',
      path: 'Cursor/User/mcp.json',
      format: 'jsonc',
      containers: [{ path: ['mcpServers'] }, { path: ['servers'] }],
    },
    {
      scope: 'user',
      base: 'appdata',
      path: 'Cursor/User/settings.json',
      format: 'jsonc',
      containers: [{ path: ['mcp', 'servers'] }, { path: ['mcp.servers'] }],
    },
    { scope: 'project', base: 'project', path: '.cursor/mcp.json', format: 'jsonc', containers: MCP_SERVERS },
  ],
  projectRecords: [
    {
      base: 'appdata',
      path: 'Cursor/User/workspaceStorage/*/workspace.json',
      format: 'jsonc',
      key: ['folder'],
      names: 'file-uri',
    },
  ],
};
