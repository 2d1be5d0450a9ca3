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

const DIRECTORIES = [directory('config', 'devin'), directory('appdata', 'devin', {}, ['darwin', 'win32'])];
const SETTINGS = {
  controls: controls({ trust: ['permissions/allow'], filter: ['permissions/deny'], hook: ['hooks'] }),
};
const HOOKS = { controls: controls({ hook: [''] }) };

export const devin: Client = {
  id: 'devin',
  title: 'Devin Local',
  processes: ['devin', 'devin.exe'],
  locations: [
    ...DIRECTORIES.flatMap((parent) => [
      userFile(parent, 'mcp_config.json', MCP_SERVERS),
      userFile(parent, 'config.json', MCP_SERVERS, SETTINGS),
      userFile(parent, 'hooks.v1.json', NO_SERVERS, HOOKS),
    ]),
    projectFile('.devin/mcp_config.json', MCP_SERVERS),
    projectFile('.devin/mcp_config.local.json', MCP_SERVERS),
    projectFile('.devin/config.json', MCP_SERVERS, SETTINGS),
    projectFile('.devin/config.local.json', MCP_SERVERS, SETTINGS),
    projectFile('.devin/hooks.v1.json', NO_SERVERS, HOOKS),
  ],
  controlFiles: [...DIRECTORIES.map(userSkills), projectSkills('.devin')],
};
