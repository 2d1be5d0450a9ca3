import { type Client, MCP_SERVERS } from './client.ts';
import {
  ANTIGRAVITY,
  EDITOR_CONTROLS,
  editorExtensions,
  editorProjects,
  SETTINGS_SERVERS,
  userDirectories,
} from './editors.ts';
import {
  controls,
  directory,
  MANIFEST_SERVERS,
  NO_SERVERS,
  projectFile,
  projectRecord,
  projectSkills,
  userFile,
  userSkills,
} from './locations.ts';

const GEMINI = directory('home', '.gemini');
const DIRECTORY = directory('home', '.gemini/config');
const HOOKS = { controls: controls({ hook: [''] }) };
const PLUGIN_MANIFEST = { controls: controls({ hook: ['hooks'] }) };

export const antigravity: Client = {
  id: 'antigravity',
  title: 'Antigravity',
  processes: ['antigravity', 'Antigravity', 'agy', 'Antigravity.exe'],
  locations: [
    userFile(DIRECTORY, 'mcp_config.json', MCP_SERVERS),
    userFile(GEMINI, 'antigravity/mcp_config.json', MCP_SERVERS),
    userFile(GEMINI, 'antigravity-cli/mcp_config.json', MCP_SERVERS),
    userFile(DIRECTORY, 'plugins/*/mcp_config.json', MCP_SERVERS),
    userFile(DIRECTORY, 'plugins/*/.mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'plugins/*/plugin.json', MANIFEST_SERVERS, PLUGIN_MANIFEST),
    userFile(DIRECTORY, 'plugins/*/hooks.json', NO_SERVERS, HOOKS),
    userFile(DIRECTORY, 'hooks.json', NO_SERVERS, HOOKS),
    userFile(GEMINI, 'antigravity-cli/hooks.json', NO_SERVERS, HOOKS),
    userFile(GEMINI, 'antigravity-cli/settings.json', NO_SERVERS, {
      controls: controls({ trust: ['toolPermission', 'permissions', 'trustedWorkspaces'] }),
    }),
    userFile(DIRECTORY, 'projects/*.json', NO_SERVERS, {
      controls: controls({ trust: ['permissionGrants'] }),
    }),
    ...userDirectories(ANTIGRAVITY).map((user) =>
      userFile(user, 'settings.json', SETTINGS_SERVERS, { controls: EDITOR_CONTROLS }),
    ),
    projectFile('.agents/mcp_config.json', MCP_SERVERS),
    projectFile('.agents/hooks.json', NO_SERVERS, HOOKS),
  ],
  controlFiles: [
    userSkills(DIRECTORY),
    userSkills(directory('home', '.gemini/antigravity')),
    projectSkills('.agent'),
    ...editorExtensions(ANTIGRAVITY),
  ],
  projectRecords: [
    projectRecord(DIRECTORY, 'projects/*.json', 'projectResources', 'json-uris'),
    projectRecord(DIRECTORY, 'projects/*.json', 'name', 'path'),
    ...editorProjects(ANTIGRAVITY),
  ],
};
