import type { Client } from './client.ts';
import { CONFIG, serversAt, userFile } from './locations.ts';

export const openInterpreter: Client = {
  id: 'open-interpreter',
  title: 'Open Interpreter',
  processes: ['interpreter', 'open-interpreter'],
  locations: [userFile(CONFIG, 'open-interpreter/config.yaml', serversAt('mcpServers', 'mcp_servers'))],
};
