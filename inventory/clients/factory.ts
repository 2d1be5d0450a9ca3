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

const DIRECTORY = directory('home', '.factory');
const HOOKS = { controls: controls({ hook: ['hooks'] }) };
const SETTINGS = {
  controls: controls({
    hook: ['hooks', 'statusLine'],
    trust: [
      'commandAllowlist',
      'autonomyLevel',
      'autonomyMode',
      'sessionDefaultSettings/autonomyLevel',
      'sessionDefaultSettings/autonomyMode',
      'persistentPermissions',
    ],
    filter: ['commandDenylist', 'hooksDisabled', 'maxAutonomyLevel', 'mcpPolicy'],
    plugin: ['enabledPlugins', 'extraKnownMarketplaces'],
  }),
};

export const factory: Client = {
  id: 'factory',
  title: 'Factory droid',
  processes: ['droid', 'droid.exe'],
  locations: [
    userFile(DIRECTORY, 'mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'settings.json', NO_SERVERS, SETTINGS),
    userFile(DIRECTORY, 'hooks.json', NO_SERVERS, HOOKS),
    userFile(DIRECTORY, 'plugins/**/mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'plugins/**/hooks/hooks.json', NO_SERVERS, HOOKS),
    projectFile('.factory/mcp.json', MCP_SERVERS),
    projectFile('.factory/settings.json', NO_SERVERS, SETTINGS),
    projectFile('.factory/settings.local.json', NO_SERVERS, SETTINGS),
    projectFile('.factory/hooks.json', NO_SERVERS, HOOKS),
  ],
  controlFiles: [
    userSkills(DIRECTORY),
    userControl('skill', DIRECTORY, 'droids/*.md'),
    projectSkills('.factory'),
    projectControl('skill', '.factory/droids/*.md'),
    projectControl('hook', '.factory/hooks/*'),
  ],
};
