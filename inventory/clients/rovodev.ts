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

const DIRECTORY = directory('home', '.rovodev');
const CONFIG = {
  controls: controls({
    filter: ['disabledMcpServers', 'mcp/disabledMcpServers'],
    trust: ['toolPermissions', 'mcp/allowedMcpServers', 'allowedMcpServers'],
    hook: ['eventHooks'],
    import: ['mcp/mcpConfigPath'],
  }),
};

export const rovodev: Client = {
  id: 'rovodev',
  title: 'Rovo Dev',
  processes: ['rovodev', 'acli', 'atlassian_cli_rovodev'],
  locations: [
    userFile(DIRECTORY, 'mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'config.yml', NO_SERVERS, CONFIG),
    projectFile('.rovodev/mcp.json', MCP_SERVERS),
    projectFile('.rovodev/config.yml', NO_SERVERS, CONFIG),
  ],
  controlFiles: [userSkills(DIRECTORY), projectSkills('.rovodev')],
};
