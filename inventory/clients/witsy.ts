import type { Client } from './client.ts';
import { APPDATA, controls, serversAt, userFile } from './locations.ts';

export const witsy: Client = {
  id: 'witsy',
  title: 'Witsy',
  processes: ['witsy', 'Witsy', 'Witsy.exe'],
  locations: [
    userFile(APPDATA, 'Witsy/settings.json', serversAt('mcpServers', 'mcp/servers'), {
      controls: controls({ filter: ['mcp/disabledMcpServers'] }),
    }),
  ],
};
