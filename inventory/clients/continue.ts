import { type Client, MCP_SERVERS } from './client.ts';

export const continueDev: Client = {
  id: 'continue',
  title: 'Continue',
  processes: ['cn', 'continue'],
  locations: [
    { scope: 'user', base: 'home', path: '.continue/config.yaml', format: 'yaml', containers: MCP_SERVERS },
    { scope: 'user', base: 'home', path: '.continue/config.json', format: 'jsonc', containers: MCP_SERVERS },
    {
      scope: 'user',
      base: 'home',
      path: '.continue/mcpServers/*.yaml',
      format: 'yaml',
      containers: MCP_SERVERS,
    },
    {
      scope: 'user',
      base: 'home',
      path: '.continue/mcpServers/*.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.continue/mcpServers/*.yaml',
      format: 'yaml',
      containers: MCP_SERVERS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.continue/mcpServers/*.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
};
