import { type Client, MCP_SERVERS } from './client.ts';
import { APPDATA, userFile } from './locations.ts';

/** Servers entered in the form of newer versions lie in an encrypted database, which is not read. */
export const raycast: Client = {
  id: 'raycast',
  title: 'Raycast',
  processes: ['Raycast'],
  locations: [
    userFile(
      { ...APPDATA, platforms: ['darwin'] },
      'com.raycast.macos/extensions/*/mcp-config.json',
      MCP_SERVERS,
    ),
  ],
};
