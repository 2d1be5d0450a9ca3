import { type Client, MCP_SERVERS } from './client.ts';
import { CONFIG, userFile } from './locations.ts';

export const enconvo: Client = {
  id: 'enconvo',
  title: 'Enconvo',
  processes: ['Enconvo', 'enconvo'],
  locations: [userFile(CONFIG, 'enconvo/mcp_config.json', MCP_SERVERS)],
};
