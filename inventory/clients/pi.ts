import { type Client, MCP_SERVERS } from './client.ts';
import {
  controls,
  directory,
  NO_SERVERS,
  projectControl,
  projectFile,
  projectSkills,
  userControl,
  userFile,
  userSkills,
} from './locations.ts';

const DIRECTORY = directory('home', '.pi/agent', { PI_CODING_AGENT_DIR: '' });
const SETTINGS = {
  controls: controls({
    plugin: ['packages', 'extensions'],
    skill: ['skills', 'prompts'],
    hook: ['shellPath'],
  }),
};
const EXTENSIONS = ['extensions/*.ts', 'extensions/*.js', 'extensions/*/index.ts', 'extensions/*/index.js'];

/** Has no servers of its own; an extension reads `mcp.json`. */
export const pi: Client = {
  id: 'pi',
  title: 'Pi',
  processes: ['pi'],
  locations: [
    userFile(DIRECTORY, 'mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'settings.json', NO_SERVERS, SETTINGS),
    projectFile('.pi/mcp.json', MCP_SERVERS),
    projectFile('.pi/agent/mcp.json', MCP_SERVERS),
    projectFile('.pi/settings.json', NO_SERVERS, SETTINGS),
  ],
  controlFiles: [
    ...EXTENSIONS.map((path) => userControl('plugin', DIRECTORY, path)),
    userSkills(DIRECTORY),
    ...EXTENSIONS.map((path) => projectControl('plugin', `.pi/${path}`)),
    projectSkills('.pi'),
  ],
};
