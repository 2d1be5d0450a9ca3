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

const DIRECTORY = directory('home', '.snowflake/cortex', { SNOWFLAKE_HOME: 'cortex' });
const SETTINGS = {
  controls: controls({ hook: ['hooks'], trust: ['permissions'], plugin: ['plugins'], skill: ['skills'] }),
};

export const cortex: Client = {
  id: 'cortex',
  title: 'Cortex Code',
  processes: ['cortex'],
  locations: [
    userFile(DIRECTORY, 'mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'settings.json', MCP_SERVERS, SETTINGS),
    userFile(DIRECTORY, 'permissions.json', NO_SERVERS, { controls: controls({ trust: [''] }) }),
    userFile(DIRECTORY, 'hooks.json', NO_SERVERS, { controls: controls({ hook: ['hooks'] }) }),
    projectFile('.cortex/settings.json', MCP_SERVERS, SETTINGS),
  ],
  controlFiles: [userSkills(DIRECTORY), projectSkills('.cortex')],
};
