import { type Client, MCP_SERVERS } from './client.ts';
import { HOME, projectFile, userFile } from './locations.ts';

export const tabnine: Client = {
  id: 'tabnine',
  title: 'Tabnine',
  processes: ['tabnine', 'TabNine', 'TabNine.exe'],
  locations: [
    userFile(HOME, '.tabnine/mcp_servers.json', MCP_SERVERS),
    projectFile('.tabnine/mcp_servers.json', MCP_SERVERS),
  ],
};
