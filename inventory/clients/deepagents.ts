import { type Client, MCP_SERVERS } from './client.ts';
import {
  controls,
  directory,
  NO_SERVERS,
  projectFile,
  projectSkills,
  userFile,
  userSkills,
  WRAPPED_OR_FLAT,
} from './locations.ts';

const DIRECTORY = directory('home', '.deepagents');
const HOOKS = { controls: controls({ hook: [''] }) };

export const deepagents: Client = {
  id: 'deepagents',
  title: 'deepagents',
  processes: ['deepagents', 'dcode'],
  locations: [
    userFile(DIRECTORY, '.mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'hooks.json', NO_SERVERS, HOOKS),
    userFile(DIRECTORY, 'config.toml', NO_SERVERS, { controls: controls({ trust: ['mcp', 'permissions'] }) }),
    projectFile('.deepagents/.mcp.json', MCP_SERVERS),
  ],
  sharedLocations: [projectFile('.mcp.json', WRAPPED_OR_FLAT)],
  signs: [DIRECTORY],
  controlFiles: [userSkills(directory('home', '.deepagents/*')), projectSkills('.deepagents')],
};
