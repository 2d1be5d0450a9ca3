import { type Client, MCP_SERVERS } from './client.ts';
import { HOME, userFile } from './locations.ts';

export const lmstudio: Client = {
  id: 'lmstudio',
  title: 'LM Studio',
  processes: ['lm-studio', 'LM Studio', 'LM Studio.exe', 'lms'],
  locations: [
    userFile(HOME, '.lmstudio/mcp.json', MCP_SERVERS),
    userFile(HOME, '.cache/lm-studio/mcp.json', MCP_SERVERS),
  ],
};
