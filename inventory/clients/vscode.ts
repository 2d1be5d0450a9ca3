import { type Client, type ConfigLocation, type ControlFile, MCP_SERVERS } from './client.ts';
import {
  CODE,
  CODE_INSIDERS,
  EDITOR_CONTROLS,
  type Editor,
  editorConfigs,
  editorExtensions,
  editorProjects,
  MCP_JSON,
  SETTINGS_SERVERS,
  userDataOf,
  VSCODIUM,
} from './editors.ts';
import {
  below,
  controls,
  directory,
  HOME,
  managedFiles,
  NO_SERVERS,
  projectControl,
  projectFile,
  projectSkills,
  serversAt,
  systemPlaces,
  userFile,
} from './locations.ts';

const DEVCONTAINER = serversAt('customizations/vscode/mcp/servers');
const WORKSPACE = serversAt('settings/mcp/servers', 'settings/mcp.servers');
/** A workspace file holds the settings of the editor under a key of its own. */
const WORKSPACE_CONTROLS = EDITOR_CONTROLS.map((control) => ({
  ...control,
  path: ['settings', ...control.path],
}));
const COPILOT_HOME = directory('home', '.copilot', { COPILOT_HOME: '' });

/** The files of a project belong to the first of the family, those of the user to each. */
const PROJECT_FILES: readonly ConfigLocation[] = [
  projectFile('.vscode/mcp.json', MCP_JSON),
  projectFile('.vscode/settings.json', SETTINGS_SERVERS, { controls: EDITOR_CONTROLS }),
  projectFile('.devcontainer/devcontainer.json', DEVCONTAINER),
  projectFile('.devcontainer/*/devcontainer.json', DEVCONTAINER),
  projectFile('.devcontainer.json', DEVCONTAINER),
  projectFile('*.code-workspace', WORKSPACE, { format: 'jsonc', controls: WORKSPACE_CONTROLS }),
];
const PORTABLE_FILES: readonly ConfigLocation[] = [
  projectFile('.mcp.json', MCP_SERVERS),
  userFile(COPILOT_HOME, 'mcp-config.json', MCP_SERVERS),
];
const PROJECT_CONTROLS: readonly ControlFile[] = [
  projectControl('skill', '.github/agents/*.md'),
  projectControl('skill', '.github/prompts/*.md'),
  projectSkills('.github'),
];

function signsOf(editor: Editor) {
  return [userDataOf(editor), below(HOME, editor.home), below(HOME, editor.server)];
}

/** Policies of the registry and of configuration profiles, and the tool cache in state.vscdb, are not read. */
export const vscode: Client = {
  id: 'vscode',
  title: 'Visual Studio Code',
  aliases: ['vscode-devcontainer'],
  processes: ['code', 'Code', 'code-server', 'Code.exe'],
  locations: [
    ...editorConfigs(CODE),
    userFile(HOME, '.vscode/mcp.json', MCP_JSON),
    ...PROJECT_FILES,
    ...managedFiles(systemPlaces({ linux: 'etc/vscode' }), 'policy.json', NO_SERVERS, {
      controls: controls({ filter: [''] }),
    }),
  ],
  sharedLocations: PORTABLE_FILES,
  signs: signsOf(CODE),
  controlFiles: [...editorExtensions(CODE), ...PROJECT_CONTROLS],
  projectRecords: editorProjects(CODE),
};

export const vscodeInsiders: Client = {
  id: 'vscode-insiders',
  title: 'Visual Studio Code Insiders',
  processes: ['code-insiders', 'Code - Insiders', 'Code - Insiders.exe'],
  locations: [...editorConfigs(CODE_INSIDERS), userFile(HOME, '.vscode-insiders/mcp.json', MCP_JSON)],
  sharedLocations: [...PROJECT_FILES, ...PORTABLE_FILES],
  signs: signsOf(CODE_INSIDERS),
  controlFiles: editorExtensions(CODE_INSIDERS),
  projectRecords: editorProjects(CODE_INSIDERS),
};

export const vscodium: Client = {
  id: 'vscodium',
  title: 'VSCodium',
  processes: ['codium', 'VSCodium', 'VSCodium.exe'],
  locations: [...editorConfigs(VSCODIUM), userFile(HOME, '.vscode-oss/mcp.json', MCP_JSON)],
  sharedLocations: [...PROJECT_FILES, ...PORTABLE_FILES],
  signs: signsOf(VSCODIUM),
  controlFiles: editorExtensions(VSCODIUM),
  projectRecords: editorProjects(VSCODIUM),
};
