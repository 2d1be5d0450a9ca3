import { type Client, MCP_SERVERS } from './client.ts';
import {
  controls,
  directory,
  NO_SERVERS,
  projectControl,
  projectFile,
  projectSkills,
  serversAt,
  userFile,
  userSkills,
} from './locations.ts';

const DIRECTORY = directory('home', '.openhands');
const HOOKS = { controls: controls({ hook: [''] }) };

export const openhands: Client = {
  id: 'openhands',
  title: 'OpenHands',
  processes: ['openhands'],
  locations: [
    userFile(DIRECTORY, 'mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'agent_settings.json', serversAt('mcp_config/mcpServers', 'mcpServers'), {
      controls: controls({ filter: ['filter_tools_regex', 'tools'] }),
    }),
    userFile(DIRECTORY, 'hooks.json', NO_SERVERS, HOOKS),
    projectFile('.openhands/mcp.json', MCP_SERVERS),
    projectFile('.openhands/hooks.json', NO_SERVERS, HOOKS),
  ],
  controlFiles: [
    userSkills(DIRECTORY),
    projectControl('hook', '.openhands/setup.sh'),
    projectControl('hook', '.openhands/pre-commit.sh'),
    projectSkills('.openhands'),
  ],
};
