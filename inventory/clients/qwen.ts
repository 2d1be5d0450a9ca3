import { type Client, MCP_SERVERS } from './client.ts';

export const qwen: Client = {
  id: 'qwen',
  title: 'Qwen Code',
  processes: ['qwen'],
  locations: [
    { scope: 'user', base: 'home', path: '.qwen/settings.json', format: 'jsonc', containers: MCP_SERVERS },
    {
      scope: 'project',
      base: 'project',
      path: '.qwen/settings.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
};
