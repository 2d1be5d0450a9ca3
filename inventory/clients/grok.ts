import { type Client, type ConfigLocation, MCP_SERVERS } from './client.ts';
import {
  controls,
  directory,
  MCP_SERVERS_TABLE,
  NO_SERVERS,
  projectControl,
  projectFile,
  projectSkills,
  userControl,
  userFile,
  userSkills,
} from './locations.ts';

const DIRECTORY = directory('home', '.grok', { GROK_HOME: '' });
const CONFIG = {
  controls: controls({
    hook: ['hooks'],
    trust: ['permission_mode', 'permissions', 'projects/*/trust_level', 'ui/permission_mode'],
    plugin: ['plugins'],
    filter: ['compat'],
  }),
};
/** Kept in the home, but written by the organisation. */
const MANAGED: ConfigLocation = {
  ...userFile(DIRECTORY, 'managed_config.toml', MCP_SERVERS_TABLE, CONFIG),
  scope: 'managed',
};

export const grok: Client = {
  id: 'grok',
  title: 'Grok CLI',
  processes: ['grok'],
  locations: [
    userFile(DIRECTORY, 'config.toml', MCP_SERVERS_TABLE, CONFIG),
    userFile(DIRECTORY, 'user-settings.json', MCP_SERVERS),
    userFile(DIRECTORY, 'hooks/*.json', NO_SERVERS, { controls: controls({ hook: ['hooks'] }) }),
    MANAGED,
    projectFile('.grok/config.toml', MCP_SERVERS_TABLE, CONFIG),
    projectFile('.grok/settings.json', MCP_SERVERS),
    projectFile('.grok/hooks/*.json', NO_SERVERS, { controls: controls({ hook: ['hooks'] }) }),
  ],
  controlFiles: [
    userControl('skill', DIRECTORY, 'agents/*.md'),
    userSkills(DIRECTORY),
    projectControl('skill', '.grok/agents/*.md'),
    projectSkills('.grok'),
  ],
};
