import { type Client, MCP_SERVERS } from './client.ts';

export const claudeDesktop: Client = {
  id: 'claude-desktop',
  title: 'Claude Desktop',
  processes: ['claude-desktop', 'Claude', 'Claude.exe'],
  locations: [
    {
      scope: 'user',
      base: 'appdata',
      path: 'Claude/claude_desktop_config.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'config',
      path: 'claude/claude_desktop_config.json',
      platforms: ['linux'],
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'localappdata',
      path: 'Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json',
      platforms: ['win32'],
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'appdata',
      path: 'Claude/Claude Extensions/*/manifest.json',
      format: 'jsonc',
      containers: [{ path: ['server', 'mcp_config'], kind: 'single' }],
    },
  ],
};
