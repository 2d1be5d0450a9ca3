import { type Client, MCP_SERVERS } from './client.ts';
import { HOME, userFile } from './locations.ts';

export const tome: Client = {
  id: 'tome',
  title: 'Tome',
  processes: ['Tome', 'tome', 'Tome.exe'],
  locations: [userFile(HOME, '.tome/mcp_config.json', MCP_SERVERS)],
};
