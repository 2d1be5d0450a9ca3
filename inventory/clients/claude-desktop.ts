import { type Client, MCP_SERVERS, type Place, type SettingsOfEntry } from './client.ts';
import {
  controls,
  directory,
  MANIFEST_SERVERS,
  managedControls,
  managedFiles,
  managedPreferences,
  NO_SERVERS,
  systemPlaces,
  userControl,
  userFile,
} from './locations.ts';

/** Every directory that some build of the program uses: Linux ports, the Windows store's, own inference. */
const DIRECTORIES: readonly Place[] = [
  directory('appdata', 'Claude'),
  directory('config', 'claude', {}, ['linux']),
  directory('localappdata', 'Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude', {}, ['win32']),
  directory('appdata', 'Claude-3p'),
  directory('localappdata', 'Claude-3p', {}, ['win32']),
];
const ORGANISATION_PLUGINS = systemPlaces({
  darwin: 'Library/Application Support/Claude/org-plugins',
  drive: 'Program Files/Claude/org-plugins',
});
/** A user's settings of an extension that is installed as `Claude Extensions/<id>`. */
const EXTENSION_SETTINGS: SettingsOfEntry = {
  path: `../../Claude Extensions Settings/\${directory}.json`,
  enabled: ['isEnabled'],
  values: ['userConfig'],
};

/** Policies of HKLM\SOFTWARE\Policies\Claude are no file and are not read. */
export const claudeDesktop: Client = {
  id: 'claude-desktop',
  title: 'Claude Desktop',
  processes: ['claude-desktop', 'Claude', 'Claude.exe'],
  locations: [
    ...DIRECTORIES.map((parent) => userFile(parent, 'claude_desktop_config.json', MCP_SERVERS)),
    ...DIRECTORIES.flatMap((parent) => [
      userFile(
        parent,
        'Claude Extensions/*/manifest.json',
        [{ path: ['server', 'mcp_config'], kind: 'single' }],
        { settings: EXTENSION_SETTINGS },
      ),
      userFile(parent, 'Claude Extensions Settings/*.json', NO_SERVERS, {
        controls: controls({ plugin: ['isEnabled', 'userConfig'] }),
      }),
    ]),
    ...managedFiles(managedPreferences('com.anthropic.claudefordesktop'), '', NO_SERVERS, {
      controls: controls({ filter: [''] }),
    }),
    ...managedFiles(ORGANISATION_PLUGINS, '*/.mcp.json', MCP_SERVERS),
    ...managedFiles(ORGANISATION_PLUGINS, '*/.claude-plugin/plugin.json', MANIFEST_SERVERS, {
      controls: controls({ hook: ['hooks'] }),
    }),
  ],
  controlFiles: [
    ...DIRECTORIES.map((parent) => userControl('plugin', parent, 'extensions-installations.json')),
    ...managedControls('hook', ORGANISATION_PLUGINS, '*/hooks/hooks.json'),
  ],
};
