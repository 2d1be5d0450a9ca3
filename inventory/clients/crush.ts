import type { Client, Container } from './client.ts';

const SERVER_MAPS: readonly Container[] = [{ path: ['mcp'] }];

export const crush: Client = {
  id: 'crush',
  title: 'Crush',
  processes: ['crush'],
  locations: [
    { scope: 'user', base: 'config', path: 'crush/crush.json', format: 'jsonc', containers: SERVER_MAPS },
    { scope: 'project', base: 'project', path: '.crush.json', format: 'jsonc', containers: SERVER_MAPS },
    { scope: 'project', base: 'project', path: 'crush.json', format: 'jsonc', containers: SERVER_MAPS },
  ],
};
