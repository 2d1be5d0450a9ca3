import { type Client, MCP_SERVERS } from './client.ts';
import {
  controls,
  directory,
  NO_SERVERS,
  projectFile,
  projectSkills,
  userFile,
  userSkills,
} from './locations.ts';

const DIRECTORY = directory('home', '.junie');
const ALLOWED = { controls: controls({ trust: [''] }) };

export const junie: Client = {
  id: 'junie',
  title: 'Junie',
  processes: ['junie'],
  locations: [
    userFile(DIRECTORY, 'mcp/mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'allowlist.json', NO_SERVERS, ALLOWED),
    projectFile('.junie/mcp/mcp.json', MCP_SERVERS),
    projectFile('.junie/allowlist.json', NO_SERVERS, ALLOWED),
  ],
  controlFiles: [userSkills(DIRECTORY), projectSkills('.junie')],
};
