import { type Client, type Container, MCP_SERVERS } from './client.ts';

const USER_FILE: readonly Container[] = [{ path: ['mcpServers'] }, { path: ['projects', '*', 'mcpServers'] }];
const PROJECT_FILE: readonly Container[] = [{ path: ['mcpServers'] }, { path: [], kind: 'flat' }];

export const claudeCode: Client = {
  id: 'claude-code',
  title: 'Claude Code',
  aliases: ['claude-code-user', 'claude-code-settings', 'claude-code-plugin'],
  processes: ['claude', 'claude.exe'],
  locations: [
    {
      scope: 'user',
      base: 'home',
      path: '.claude.json',
      movedBy: [{ variable: 'CLAUDE_CONFIG_DIR', path: '.claude.json' }],
      format: 'jsonc',
      containers: USER_FILE,
    },
    { scope: 'user', base: 'home', path: '.claude/.claude.json', format: 'jsonc', containers: USER_FILE },
    {
      scope: 'user',
      base: 'home',
      path: '.claude/settings.json',
      movedBy: [{ variable: 'CLAUDE_CONFIG_DIR', path: 'settings.json' }],
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'home',
      path: '.claude/settings.local.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'home',
      path: '.claude/mcp_servers.json',
      format: 'jsonc',
      containers: PROJECT_FILE,
    },
    { scope: 'project', base: 'project', path: '.mcp.json', format: 'jsonc', containers: PROJECT_FILE },
    {
      scope: 'project',
      base: 'project',
      path: '.claude/settings.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.claude/settings.local.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'managed',
      base: 'system',
      path: 'etc/claude-code/managed-mcp.json',
      platforms: ['linux'],
      format: 'jsonc',
      containers: PROJECT_FILE,
    },
    {
      scope: 'managed',
      base: 'system',
      path: 'Library/Application Support/ClaudeCode/managed-mcp.json',
      platforms: ['darwin'],
      format: 'jsonc',
      containers: PROJECT_FILE,
    },
    {
      scope: 'managed',
      base: 'system',
      path: 'Program Files/ClaudeCode/managed-mcp.json',
      platforms: ['win32'],
      format: 'jsonc',
      containers: PROJECT_FILE,
    },
  ],
  projectRecords: [{ base: 'home', path: '.claude.json', format: 'jsonc', key: ['projects'], names: 'keys' }],
};
