import type { Client, Container } from './client.ts';

const SERVER_MAPS: readonly Container[] = [{ path: ['amp.mcpServers'] }];

export const amp: Client = {
  id: 'amp',
  title: 'Amp',
  processes: ['amp'],
  locations: [
    { scope: 'user', base: 'config', path: 'amp/settings.json', format: 'jsonc', containers: SERVER_MAPS },
    { scope: 'user', base: 'config', path: 'amp/settings.jsonc', format: 'jsonc', containers: SERVER_MAPS },
    {
      scope: 'project',
      base: 'project',
      path: '.amp/settings.json',
      format: 'jsonc',
      containers: SERVER_MAPS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.amp/settings.jsonc',
      format: 'jsonc',
      containers: SERVER_MAPS,
    },
  ],
};
