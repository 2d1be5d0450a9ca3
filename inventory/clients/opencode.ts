import type { Client, Container } from './client.ts';

const SERVER_MAPS: readonly Container[] = [{ path: ['mcp'] }];

export const opencode: Client = {
  id: 'opencode',
  title: 'opencode',
  processes: ['opencode'],
  locations: [
    {
      scope: 'user',
      base: 'config',
      path: 'opencode/opencode.json',
      format: 'jsonc',
      containers: SERVER_MAPS,
    },
    {
      scope: 'user',
      base: 'config',
      path: 'opencode/opencode.jsonc',
      format: 'jsonc',
      containers: SERVER_MAPS,
    },
    {
      scope: 'user',
      base: 'home',
      path: '.opencode/opencode.json',
      format: 'jsonc',
      containers: SERVER_MAPS,
    },
    { scope: 'project', base: 'project', path: 'opencode.json', format: 'jsonc', containers: SERVER_MAPS },
    { scope: 'project', base: 'project', path: 'opencode.jsonc', format: 'jsonc', containers: SERVER_MAPS },
    {
      scope: 'project',
      base: 'project',
      path: '.opencode/opencode.json',
      format: 'jsonc',
      containers: SERVER_MAPS,
    },
  ],
};
