import type { Client, Container } from './client.ts';

const MCP_SERVERS_TABLE: readonly Container[] = [{ path: ['mcp_servers'] }];

export const codex: Client = {
  id: 'codex',
  title: 'Codex',
  processes: ['codex', 'codex.exe'],
  locations: [
    {
      scope: 'user',
      base: 'home',
      path: '.codex/config.toml',
      movedBy: [{ variable: 'CODEX_HOME', path: 'config.toml' }],
      format: 'toml',
      containers: MCP_SERVERS_TABLE,
    },
    {
      scope: 'user',
      base: 'home',
      path: '.codex/*.config.toml',
      format: 'toml',
      containers: MCP_SERVERS_TABLE,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.codex/config.toml',
      format: 'toml',
      containers: MCP_SERVERS_TABLE,
    },
    {
      scope: 'managed',
      base: 'system',
      path: 'etc/codex/config.toml',
      platforms: ['linux', 'darwin'],
      format: 'toml',
      containers: MCP_SERVERS_TABLE,
    },
    {
      scope: 'managed',
      base: 'system',
      path: 'ProgramData/OpenAI/Codex/config.toml',
      platforms: ['win32'],
      format: 'toml',
      containers: MCP_SERVERS_TABLE,
    },
  ],
  projectRecords: [
    { base: 'home', path: '.codex/config.toml', format: 'toml', key: ['projects'], names: 'keys' },
  ],
};
