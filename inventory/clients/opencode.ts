import type { Client, ControlFile, Place } from './client.ts';
import {
  below,
  controls,
  directory,
  MCP_MAP,
  managedControls,
  managedFiles,
  projectControl,
  projectFile,
  projectRecord,
  systemPlaces,
  userControl,
  userFile,
} from './locations.ts';

/** The settings that opencode and what grew from it share. */
export const OPENCODE_CONTROLS = {
  controls: controls({
    plugin: ['plugin'],
    trust: ['permission', 'agent/*/permission'],
    filter: ['tools', 'agent/*/tools'],
    hook: ['experimental/hook', 'formatter', 'lsp'],
    skill: ['skills', 'command'],
  }),
};
/** Code and instructions that are loaded from directories, under both spellings of their names. */
const LOADED = [
  ['plugin', 'plugin/*.js'],
  ['plugin', 'plugin/*.ts'],
  ['plugin', 'plugins/*.js'],
  ['plugin', 'plugins/*.ts'],
  ['plugin', 'tool/*'],
  ['plugin', 'tools/*'],
  ['skill', 'skill/*/SKILL.md'],
  ['skill', 'skills/*/SKILL.md'],
  ['skill', 'command/*.md'],
  ['skill', 'commands/*.md'],
  ['skill', 'agent/*.md'],
  ['skill', 'agents/*.md'],
] as const;

const NAMES = ['opencode.json', 'opencode.jsonc', 'config.json'];
const DIRECTORIES = [
  directory('config', 'opencode', { OPENCODE_CONFIG_DIR: '' }),
  directory('home', '.opencode'),
];
const NAMED = directory('config', 'opencode/opencode.json', { OPENCODE_CONFIG: '' });
const MANAGED = systemPlaces({
  linux: 'etc/opencode',
  darwin: 'Library/Application Support/opencode',
  programdata: 'opencode',
});
const DATA = directory('data', 'opencode');

/** What is loaded from a user's directory. */
export function loadedByUser(parent: Place): readonly ControlFile[] {
  return LOADED.map(([kind, path]) => userControl(kind, parent, path));
}

/** What is loaded from a project's directory. */
export function loadedByProject(parent: string): readonly ControlFile[] {
  return LOADED.map(([kind, path]) => projectControl(kind, `${parent}/${path}`));
}

export const opencode: Client = {
  id: 'opencode',
  title: 'opencode',
  processes: ['opencode', 'opencode.exe'],
  locations: [
    userFile(NAMED, '', MCP_MAP, OPENCODE_CONTROLS),
    ...DIRECTORIES.flatMap((parent) =>
      NAMES.map((name) => userFile(parent, name, MCP_MAP, OPENCODE_CONTROLS)),
    ),
    ...['opencode.json', 'opencode.jsonc', '.opencode/opencode.json', '.opencode/opencode.jsonc'].map(
      (path) => projectFile(path, MCP_MAP, OPENCODE_CONTROLS),
    ),
    ...NAMES.flatMap((name) => managedFiles(MANAGED, name, MCP_MAP, OPENCODE_CONTROLS)),
    ...managedFiles(
      systemPlaces({ darwin: 'Library/Managed Preferences/ai.opencode.managed.plist' }),
      '',
      MCP_MAP,
      OPENCODE_CONTROLS,
    ),
  ],
  controlFiles: [
    ...DIRECTORIES.flatMap(loadedByUser),
    ...loadedByProject('.opencode'),
    ...['plugins/*.js', 'plugins/*.ts'].flatMap((path) => managedControls('plugin', MANAGED, path)),
  ],
  projectRecords: [
    {
      ...below(DATA, 'opencode*.db'),
      format: 'sqlite',
      query: 'SELECT worktree FROM project',
      names: 'path',
    },
    projectRecord(DATA, 'storage/project/*.json', 'worktree', 'path'),
  ],
};
