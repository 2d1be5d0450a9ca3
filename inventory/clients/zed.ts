import type { Client, Container } from './client.ts';

const CONTEXT_SERVERS: readonly Container[] = [{ path: ['context_servers'] }];

export const zed: Client = {
  id: 'zed',
  title: 'Zed',
  processes: ['zed', 'zed-editor', 'zeditor', 'Zed.exe'],
  locations: [
    {
      scope: 'user',
      base: 'config',
      path: 'zed/settings.json',
      format: 'jsonc',
      containers: CONTEXT_SERVERS,
    },
    {
      scope: 'user',
      base: 'appdata',
      path: 'Zed/settings.json',
      platforms: ['darwin', 'win32'],
      format: 'jsonc',
      containers: CONTEXT_SERVERS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.zed/settings.json',
      format: 'jsonc',
      containers: CONTEXT_SERVERS,
    },
  ],
};
