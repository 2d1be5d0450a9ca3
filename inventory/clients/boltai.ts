import { type Client, MCP_SERVERS } from './client.ts';
import { HOME, userFile } from './locations.ts';

export const boltai: Client = {
  id: 'boltai',
  title: 'BoltAI',
  processes: ['BoltAI', 'boltai'],
  locations: [userFile(HOME, '.boltai/mcp.json', MCP_SERVERS)],
};
