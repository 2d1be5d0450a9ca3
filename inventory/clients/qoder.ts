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

const DIRECTORY = directory('home', '.qoder');
const SETTINGS = {
  controls: controls({
    hook: ['hooks'],
    trust: ['permissions/allow'],
    filter: ['permissions/ask', 'permissions/deny'],
  }),
};

export const qoder: Client = {
  id: 'qoder',
  title: 'Qoder',
  processes: ['qoder', 'Qoder', 'qodercli', 'Qoder.exe'],
  locations: [
    userFile(DIRECTORY, 'mcp.json', MCP_SERVERS),
    userFile(directory('appdata', 'Qoder/SharedClientCache'), 'mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'settings.json', NO_SERVERS, SETTINGS),
    projectFile('.qoder/mcp.json', MCP_SERVERS),
    projectFile('.qoder/settings.json', NO_SERVERS, SETTINGS),
    projectFile('.qoder/settings.local.json', NO_SERVERS, SETTINGS),
  ],
  controlFiles: [userSkills(DIRECTORY), projectSkills('.qoder')],
};
