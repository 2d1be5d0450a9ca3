import { type Client, MCP_SERVERS, type Place } from './client.ts';
import {
  CURSOR,
  EDITOR_CONTROLS,
  editorExtensions,
  editorProjects,
  SETTINGS_SERVERS,
  userDataOf,
  userDirectories,
} from './editors.ts';
import {
  controls,
  directory,
  MANIFEST_SERVERS,
  managedFiles,
  NO_SERVERS,
  projectControl,
  projectFile,
  projectSkills,
  serversAt,
  systemPlaces,
  userControl,
  userFile,
  userSkills,
  WRAPPED_OR_FLAT,
} from './locations.ts';

const DIRECTORY = directory('home', '.cursor');
/** Holds the transcripts of running sessions, too. */
const PROJECTS: Place = { ...directory('home', '.cursor/projects'), watched: false };
const CLI = [
  directory('home', '.cursor', { CURSOR_CONFIG_DIR: '' }),
  directory('config', 'cursor', {}, ['linux']),
];
const MANAGED = systemPlaces({
  linux: 'etc/cursor',
  darwin: 'Library/Application Support/Cursor',
  programdata: 'Cursor',
});
const USER_SERVERS = serversAt('mcpServers', 'servers');
const HOOKS = { controls: controls({ hook: ['hooks'] }) };
const PERMISSIONS = { controls: controls({ trust: ['mcpAllowlist', 'terminalAllowlist', 'autoRun'] }) };
const CLI_CONTROLS = {
  controls: controls({
    trust: ['permissions/allow', 'approvalMode'],
    filter: ['permissions/deny', 'sandbox'],
  }),
};
const PLUGIN_TREES = ['plugins/cache/**', 'plugins/local/**'];

/** Servers that are on, kept under `anysphere.cursor-mcp` in state.vscdb, are not read. */
export const cursor: Client = {
  id: 'cursor',
  title: 'Cursor',
  processes: ['cursor', 'Cursor', 'cursor-agent', 'Cursor.exe'],
  locations: [
    userFile(DIRECTORY, 'mcp.json', MCP_SERVERS),
    ...userDirectories(CURSOR).flatMap((user) =>
      ['', 'profiles/*/'].flatMap((profile) => [
        userFile(user, `${profile}mcp.json`, USER_SERVERS),
        userFile(user, `${profile}settings.json`, SETTINGS_SERVERS, { controls: EDITOR_CONTROLS }),
      ]),
    ),
    ...userDirectories(CURSOR).map((user) =>
      userFile(user, 'globalStorage/cursor.mcp/mcp.json', MCP_SERVERS),
    ),
    ...PLUGIN_TREES.flatMap((tree) => [
      userFile(DIRECTORY, `${tree}/mcp.json`, WRAPPED_OR_FLAT),
      userFile(DIRECTORY, `${tree}/.mcp.json`, WRAPPED_OR_FLAT),
      userFile(DIRECTORY, `${tree}/.cursor-plugin/plugin.json`, MANIFEST_SERVERS, {
        controls: controls({ hook: ['hooks'], plugin: ['mcpServers'] }),
      }),
      userFile(DIRECTORY, `${tree}/hooks/hooks.json`, NO_SERVERS, HOOKS),
    ]),
    userFile(DIRECTORY, 'hooks.json', NO_SERVERS, HOOKS),
    userFile(DIRECTORY, 'permissions.json', NO_SERVERS, PERMISSIONS),
    ...CLI.map((parent) => userFile(parent, 'cli-config.json', NO_SERVERS, CLI_CONTROLS)),
    projectFile('.cursor/mcp.json', MCP_SERVERS, { ancestors: true }),
    projectFile('.cursor/hooks.json', NO_SERVERS, HOOKS),
    projectFile('.cursor/permissions.json', NO_SERVERS, PERMISSIONS),
    projectFile('.cursor/cli.json', NO_SERVERS, { ...CLI_CONTROLS, ancestors: true }),
    ...managedFiles(MANAGED, 'hooks.json', NO_SERVERS, HOOKS),
  ],
  sharedLocations: [projectFile('.mcp.json', WRAPPED_OR_FLAT)],
  signs: [DIRECTORY, userDataOf(CURSOR)],
  controlFiles: [
    userControl('plugin', PROJECTS, '*/mcps/plugin-*/SERVER_METADATA.json'),
    userControl('trust', PROJECTS, '*/mcp-approvals.json'),
    userControl('trust', PROJECTS, '*/.workspace-trusted'),
    userControl('hook', DIRECTORY, 'hooks/*'),
    userSkills(DIRECTORY),
    userControl('skill', DIRECTORY, 'skills-cursor/*/SKILL.md'),
    ...PLUGIN_TREES.map((tree) => userControl('skill', DIRECTORY, `${tree}/skills/*/SKILL.md`)),
    ...editorExtensions(CURSOR),
    projectControl('hook', '.cursor/hooks/*'),
    projectSkills('.cursor'),
  ],
  projectRecords: editorProjects(CURSOR),
};
