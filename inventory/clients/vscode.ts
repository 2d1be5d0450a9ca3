import type { Client, Container } from './client.ts';

const MCP_JSON: readonly Container[] = [{ path: ['servers'] }, { path: [], kind: 'flat' }];
const SETTINGS: readonly Container[] = [{ path: ['mcp', 'servers'] }, { path: ['mcp.servers'] }];
const DEVCONTAINER: readonly Container[] = [{ path: ['customizations', 'vscode', 'mcp', 'servers'] }];

export const vscode: Client = {
  id: 'vscode',
  title: 'Visual Studio Code',
  aliases: ['vscode-devcontainer'],
  processes: ['code', 'Code', 'code-server', 'Code.exe'],
  locations: [
    { scope: 'user', base: 'appdata', path: 'Code/User/mcp.json', format: 'jsonc', containers: MCP_JSON },
    {
      scope: 'user',
      base: 'appdata',
      path: 'Code/User/settings.json',
      format: 'jsonc',
      containers: SETTINGS,
    },
    {
      scope: 'user',
      base: 'appdata',
      path: 'Code/User/profiles/*/mcp.json',
      format: 'jsonc',
      containers: MCP_JSON,
    },
    {
      scope: 'user',
      base: 'appdata',
      path: 'Code/User/profiles/*/settings.json',
      format: 'jsonc',
      containers: SETTINGS,
    },
    { scope: 'user', base: 'home', path: '.vscode/mcp.json', format: 'jsonc', containers: MCP_JSON },
    {
      scope: 'user',
      base: 'home',
      path: '.vscode-server/data/User/mcp.json',
      format: 'jsonc',
      containers: MCP_JSON,
    },
    { scope: 'project', base: 'project', path: '.vscode/mcp.json', format: 'jsonc', containers: MCP_JSON },
    {
      scope: 'project',
      base: 'project',
      path: '.vscode/settings.json',
      format: 'jsonc',
      containers: SETTINGS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.devcontainer/devcontainer.json',
      format: 'jsonc',
      containers: DEVCONTAINER,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.devcontainer.json',
      format: 'jsonc',
      containers: DEVCONTAINER,
    },
    {
      scope: 'project',
      base: 'project',
      path: '*.code-workspace',
      format: 'jsonc',
      containers: [{ path: ['settings', 'mcp', 'servers'] }, { path: ['settings', 'mcp.servers'] }],
    },
  ],
  projectRecords: [
    {
      base: 'appdata',
      path: 'Code/User/workspaceStorage/*/workspace.json',
      format: 'jsonc',
      key: ['folder'],
      names: 'file-uri',
    },
  ],
};
