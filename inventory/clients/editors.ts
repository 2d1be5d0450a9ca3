import type {
  ConfigLocation,
  Container,
  ControlFile,
  Place,
  ProjectDatabase,
  ProjectRecord,
} from './client.ts';
import {
  below,
  controls,
  directory,
  HOME,
  projectRecord,
  serversAt,
  userControl,
  userFile,
} from './locations.ts';

/** VS Code and its forks keep the same files under a directory of their own name. */
export interface Editor {
  /** Name of the user-data directory below `appdata`. */
  readonly userData: string;
  /** Name of the directory in the home that holds the extensions. */
  readonly home: string;
  /** Name of the directory in the home that a remote host's server keeps. */
  readonly server: string;
  /** Variables that move the user-data directory. */
  readonly movedBy?: Readonly<Record<string, string>>;
}

export const CODE: Editor = {
  userData: 'Code',
  home: '.vscode',
  server: '.vscode-server',
  movedBy: { VSCODE_PORTABLE: 'user-data', VSCODE_APPDATA: 'Code' },
};
export const CODE_INSIDERS: Editor = {
  userData: 'Code - Insiders',
  home: '.vscode-insiders',
  server: '.vscode-server-insiders',
  movedBy: { VSCODE_PORTABLE: 'user-data', VSCODE_APPDATA: 'Code - Insiders' },
};
export const VSCODIUM: Editor = {
  userData: 'VSCodium',
  home: '.vscode-oss',
  server: '.vscodium-server',
  movedBy: { VSCODE_PORTABLE: 'user-data', VSCODE_APPDATA: 'VSCodium' },
};
export const CURSOR: Editor = { userData: 'Cursor', home: '.cursor', server: '.cursor-server' };
export const WINDSURF: Editor = { userData: 'Windsurf', home: '.windsurf', server: '.windsurf-server' };
export const TRAE: Editor = { userData: 'Trae', home: '.trae', server: '.trae-server' };
export const KIRO: Editor = { userData: 'Kiro', home: '.kiro', server: '.kiro-server' };
export const ANTIGRAVITY: Editor = {
  userData: 'Antigravity',
  home: '.antigravity',
  server: '.antigravity-server',
};

/** Editors into which the extensions of other clients are installed. */
const EXTENSION_HOSTS: readonly Editor[] = [
  CODE,
  CODE_INSIDERS,
  VSCODIUM,
  CURSOR,
  WINDSURF,
  TRAE,
  KIRO,
  ANTIGRAVITY,
];

export const MCP_JSON: readonly Container[] = [{ path: ['servers'] }, { path: [], kind: 'flat' }];
export const SETTINGS_SERVERS = serversAt('mcp/servers', 'mcp.servers');

/** Dotted, as the editor writes them; an object in place of the dots is read as well. */
const SETTINGS = {
  trust: [
    'chat.mcp.access',
    'chat.mcp.autostart',
    'chat.mcp.serverSampling',
    'chat.agent.enabled',
    'chat.tools.autoApprove',
    'chat.tools.global.autoApprove',
    'chat.tools.terminal.autoApprove',
    'chat.tools.terminal.enableAutoApprove',
    'chat.tools.edits.autoApprove',
    'chat.tools.urls.autoApprove',
    'security.workspace.trust.enabled',
  ],
  import: ['chat.mcp.discovery.enabled'],
  hook: ['chat.useHooks', 'chat.hookFilesLocations'],
  plugin: ['chat.plugins.enabled', 'chat.plugins.paths', 'chat.pluginLocations'],
  skill: ['chat.agentSkillsLocations'],
} as const;

/** The settings of an editor's chat that decide what runs or what asks. */
export const EDITOR_CONTROLS = controls({
  trust: SETTINGS.trust.flatMap(bothSpellings),
  import: SETTINGS.import.flatMap(bothSpellings),
  hook: SETTINGS.hook.flatMap(bothSpellings),
  plugin: SETTINGS.plugin.flatMap(bothSpellings),
  skill: SETTINGS.skill.flatMap(bothSpellings),
});

/** The user-data directory on this host. */
export function userDataOf(editor: Editor): Place {
  return directory('appdata', editor.userData, editor.movedBy);
}

/** `User` directories: on this host and, for windows of other hosts, of the editor's server. */
export function userDirectories(editor: Editor): readonly Place[] {
  return [below(userDataOf(editor), 'User'), below(HOME, `${editor.server}/data/User`)];
}

/** mcp.json and settings.json of the user and of each profile. */
export function editorConfigs(
  editor: Editor,
  mcpJson: readonly Container[] = MCP_JSON,
): readonly ConfigLocation[] {
  return userDirectories(editor).flatMap((user) =>
    ['', 'profiles/*/'].flatMap((profile) => [
      userFile(user, `${profile}mcp.json`, mcpJson),
      userFile(user, `${profile}settings.json`, SETTINGS_SERVERS, { controls: EDITOR_CONTROLS }),
    ]),
  );
}

/** The list of the extensions in use: any of them may bring servers of its own. */
export function editorExtensions(editor: Editor): readonly ControlFile[] {
  return [editor.home, editor.server].map((home) =>
    userControl('plugin', HOME, `${home}/extensions/extensions.json`),
  );
}

/** The folders and workspaces that were opened. */
export function editorProjects(editor: Editor): readonly (ProjectRecord | ProjectDatabase)[] {
  const user = below(userDataOf(editor), 'User');
  const workspace = 'workspaceStorage/*/workspace.json';
  return [
    projectRecord(user, workspace, 'folder', 'file-uri'),
    projectRecord(user, workspace, 'workspace', 'file-uri'),
    {
      ...below(user, 'globalStorage/state.vscdb'),
      format: 'sqlite',
      query: "SELECT value FROM ItemTable WHERE key = 'history.recentlyOpenedPathsList'",
      names: 'json-uris',
    },
  ];
}

/** A file that an extension keeps below `User/globalStorage`, in every editor it may be installed in. */
export function extensionConfigs(path: string, containers: readonly Container[]): readonly ConfigLocation[] {
  return EXTENSION_HOSTS.flatMap(userDirectories).map((user) =>
    userFile(user, `globalStorage/${path}`, containers),
  );
}

function bothSpellings(setting: string): readonly string[] {
  return [setting, setting.replaceAll('.', '/')];
}
