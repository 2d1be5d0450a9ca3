import { type Client, MCP_SERVERS } from './client.ts';
import {
  EDITOR_CONTROLS,
  editorExtensions,
  editorProjects,
  SETTINGS_SERVERS,
  userDataOf,
  userDirectories,
  WINDSURF,
} from './editors.ts';
import {
  controls,
  directory,
  HOME,
  managedControls,
  managedFiles,
  NO_SERVERS,
  projectFile,
  projectSkills,
  systemPlaces,
  userFile,
  userSkills,
  WRAPPED_OR_FLAT,
} from './locations.ts';

const DIRECTORY = directory('home', '.codeium/windsurf');
const NEXT = directory('home', '.codeium/windsurf-next');
const MANAGED = systemPlaces({
  linux: 'etc/windsurf',
  darwin: 'Library/Application Support/Windsurf',
  programdata: 'Windsurf',
});
const HOOKS = { controls: controls({ hook: ['hooks'] }) };

export const windsurf: Client = {
  id: 'windsurf',
  title: 'Windsurf',
  processes: ['windsurf', 'Windsurf', 'Windsurf.exe'],
  locations: [
    userFile(DIRECTORY, 'mcp_config.json', MCP_SERVERS),
    userFile(DIRECTORY, 'mcp.json', MCP_SERVERS),
    userFile(NEXT, 'mcp_config.json', MCP_SERVERS),
    userFile(HOME, '.codeium/mcp_config.json', MCP_SERVERS),
    userFile(HOME, '.windsurf/mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'hooks.json', NO_SERVERS, HOOKS),
    ...userDirectories(WINDSURF).map((user) =>
      userFile(user, 'settings.json', SETTINGS_SERVERS, { controls: EDITOR_CONTROLS }),
    ),
    projectFile('.windsurf/mcp.json', MCP_SERVERS),
    projectFile('.windsurf/mcp_config.json', MCP_SERVERS),
    projectFile('.windsurf/hooks.json', NO_SERVERS, HOOKS),
    ...managedFiles(MANAGED, 'hooks.json', NO_SERVERS, HOOKS),
  ],
  sharedLocations: [projectFile('.mcp.json', WRAPPED_OR_FLAT)],
  signs: [DIRECTORY, userDataOf(WINDSURF), directory('home', '.windsurf')],
  controlFiles: [
    userSkills(DIRECTORY),
    projectSkills('.windsurf'),
    ...managedControls('skill', MANAGED, 'skills/*/SKILL.md'),
    ...editorExtensions(WINDSURF),
  ],
  projectRecords: editorProjects(WINDSURF),
};
