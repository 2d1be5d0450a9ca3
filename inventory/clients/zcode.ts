import { type Client, MCP_SERVERS } from './client.ts';
import {
  controls,
  directory,
  projectFile,
  projectSkills,
  serversAt,
  userFile,
  userSkills,
} from './locations.ts';

const SERVERS = serversAt('mcp/servers');
const DIRECTORY = directory('home', '.zcode');
const CONTROLS = {
  controls: controls({ hook: ['hooks'], plugin: ['plugins'], trust: ['permission', 'permissions'] }),
};

export const zcode: Client = {
  id: 'zcode',
  title: 'ZCode',
  processes: ['zcode', 'ZCode'],
  locations: [
    userFile(DIRECTORY, 'cli/config.json', SERVERS, CONTROLS),
    userFile(directory('home', '.agents'), 'mcp.json', MCP_SERVERS),
    projectFile('.zcode/config.json', SERVERS, CONTROLS),
  ],
  controlFiles: [userSkills(DIRECTORY), projectSkills('.zcode')],
};
