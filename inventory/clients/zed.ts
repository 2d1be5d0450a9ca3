import type { Client } from './client.ts';
import { below, controls, directory, projectFile, serversAt, userFile } from './locations.ts';

const CONTEXT_SERVERS = serversAt('context_servers');
const CONTROLS = {
  controls: controls({
    trust: ['agent/always_allow_tool_actions', 'agent/tool_permissions', 'session/trust_all_worktrees'],
    filter: ['agent/profiles'],
    hook: ['agent_servers'],
    plugin: ['auto_install_extensions'],
  }),
};
/** Sources disagree on macOS and Windows. */
const DIRECTORIES = [
  directory('config', 'zed'),
  directory('appdata', 'Zed', {}, ['darwin', 'win32']),
  directory('home', '.var/app/dev.zed.Zed/config/zed', {}, ['linux']),
];
const DATA = [
  directory('data', 'zed', {}, ['linux']),
  directory('appdata', 'Zed', {}, ['darwin']),
  directory('localappdata', 'Zed', {}, ['win32']),
];

export const zed: Client = {
  id: 'zed',
  title: 'Zed',
  processes: ['zed', 'zed-editor', 'zeditor', 'Zed.exe'],
  locations: [
    ...DIRECTORIES.map((parent) => userFile(parent, 'settings.json', CONTEXT_SERVERS, CONTROLS)),
    projectFile('.zed/settings.json', CONTEXT_SERVERS, CONTROLS),
  ],
  projectRecords: DATA.map((parent) => ({
    ...below(parent, 'db/*/db.sqlite'),
    format: 'sqlite' as const,
    query: 'SELECT paths FROM workspaces WHERE paths IS NOT NULL',
    names: 'path' as const,
  })),
};
