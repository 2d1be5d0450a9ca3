import { type Client, MCP_SERVERS } from './client.ts';
import {
  controls,
  directory,
  MANIFEST_SERVERS,
  NO_SERVERS,
  projectControl,
  projectFile,
  projectSkills,
  userControl,
  userFile,
  userSkills,
  WRAPPED_OR_FLAT,
} from './locations.ts';

/** Sources disagree on what XDG_CONFIG_HOME does to it. */
const DIRECTORY = directory('home', '.copilot', { COPILOT_HOME: '', XDG_CONFIG_HOME: '.copilot' });
const XDG_DIRECTORY = directory('config', 'copilot');
const HOOKS = { controls: controls({ hook: ['hooks'] }) };
const SETTINGS = {
  controls: controls({
    trust: ['trusted_folders', 'trustedFolders', 'allowed_urls', 'allowedUrls'],
    filter: ['denied_urls', 'deniedUrls', 'disabledMcpServers', 'disabled_mcp_servers', 'disableAllHooks'],
    hook: ['hooks', 'statusLine'],
    plugin: ['enabledPlugins', 'installedPlugins', 'installed_plugins', 'extraKnownMarketplaces'],
  }),
};

export const copilot: Client = {
  id: 'copilot',
  title: 'GitHub Copilot CLI',
  processes: ['copilot', 'copilot.exe'],
  locations: [
    userFile(DIRECTORY, 'mcp-config.json', MCP_SERVERS),
    userFile(XDG_DIRECTORY, 'mcp-config.json', MCP_SERVERS),
    userFile(DIRECTORY, 'installed-plugins/**/.mcp.json', WRAPPED_OR_FLAT),
    userFile(DIRECTORY, 'installed-plugins/**/plugin.json', MANIFEST_SERVERS, HOOKS),
    userFile(DIRECTORY, 'installed-plugins/**/hooks.json', NO_SERVERS, HOOKS),
    userFile(DIRECTORY, 'config.json', NO_SERVERS, SETTINGS),
    userFile(DIRECTORY, 'settings.json', NO_SERVERS, SETTINGS),
    userFile(DIRECTORY, 'permissions-config.json', NO_SERVERS, { controls: controls({ trust: [''] }) }),
    userFile(DIRECTORY, 'hooks/*.json', NO_SERVERS, HOOKS),
    projectFile('.github/mcp.json', MCP_SERVERS),
    projectFile('.github/hooks/*.json', NO_SERVERS, HOOKS),
    projectFile('.github/copilot/settings.json', NO_SERVERS, SETTINGS),
    projectFile('.github/copilot/settings.local.json', NO_SERVERS, SETTINGS),
  ],
  sharedLocations: [projectFile('.mcp.json', WRAPPED_OR_FLAT)],
  signs: [DIRECTORY, XDG_DIRECTORY],
  controlFiles: [
    userSkills(DIRECTORY),
    userControl('skill', DIRECTORY, 'agents/*.md'),
    projectControl('skill', '.github/agents/*.agent.md'),
    projectSkills('.copilot'),
  ],
};
