import type { Client, Container } from './client.ts';

const SERVER_MAPS: readonly Container[] = [{ path: ['mcp'] }, { path: ['mcpServers'] }];

export const kilocode: Client = {
  id: 'kilocode',
  title: 'Kilo Code',
  processes: ['kilo'],
  locations: [
    { scope: 'user', base: 'config', path: 'kilo/kilo.json', format: 'jsonc', containers: SERVER_MAPS },
    { scope: 'user', base: 'config', path: 'kilo/kilo.jsonc', format: 'jsonc', containers: SERVER_MAPS },
    {
      scope: 'project',
      base: 'project',
      path: '.kilocode/mcp.json',
      format: 'jsonc',
      containers: SERVER_MAPS,
    },
    { scope: 'project', base: 'project', path: 'kilo.json', format: 'jsonc', containers: SERVER_MAPS },
    { scope: 'project', base: 'project', path: '.kilo/kilo.json', format: 'jsonc', containers: SERVER_MAPS },
  ],
};
