import type { Client, Container } from './client.ts';

const EXTENSIONS: readonly Container[] = [{ path: ['extensions'] }];

export const goose: Client = {
  id: 'goose',
  title: 'Goose',
  processes: ['goose', 'goosed', 'Goose', 'goose.exe'],
  locations: [
    {
      scope: 'user',
      base: 'config',
      path: 'goose/config.yaml',
      platforms: ['linux', 'darwin'],
      format: 'yaml',
      containers: EXTENSIONS,
    },
    {
      scope: 'user',
      base: 'appdata',
      path: 'Block/goose/config/config.yaml',
      platforms: ['win32'],
      format: 'yaml',
      containers: EXTENSIONS,
    },
  ],
};
