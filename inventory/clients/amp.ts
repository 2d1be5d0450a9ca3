import type { Client } from './client.ts';
import {
  CONFIG,
  controls,
  directory,
  managedFiles,
  projectControl,
  projectFile,
  serversAt,
  systemPlaces,
  userControl,
  userFile,
} from './locations.ts';

const SERVERS = serversAt('amp.mcpServers');
const DIRECTORIES = [directory('config', 'amp'), directory('appdata', 'amp', {}, ['win32'])];
const NAMED = directory('config', 'amp/settings.json', { AMP_SETTINGS_FILE: '' });
const MANAGED = systemPlaces({
  linux: 'etc/ampcode',
  darwin: 'Library/Application Support/ampcode',
  programdata: 'ampcode',
});
const CONTROLS = {
  controls: controls({
    trust: [
      'amp.permissions',
      'amp.mcpPermissions',
      'amp.dangerouslyAllowAll',
      'amp.commands.allowlist',
      'amp.guardedFiles.allowlist',
    ],
    filter: ['amp.tools.disable', 'amp.tools.enable'],
    hook: ['amp.hooks', 'amp.toolbox.path'],
    skill: ['amp.skills.path'],
  }),
};

export const amp: Client = {
  id: 'amp',
  title: 'Amp',
  processes: ['amp', 'amp.exe'],
  locations: [
    userFile(NAMED, '', SERVERS, CONTROLS),
    ...DIRECTORIES.flatMap((parent) =>
      ['settings.json', 'settings.jsonc'].map((name) => userFile(parent, name, SERVERS, CONTROLS)),
    ),
    projectFile('.amp/settings.json', SERVERS, CONTROLS),
    projectFile('.amp/settings.jsonc', SERVERS, CONTROLS),
    ...managedFiles(MANAGED, 'managed-settings.json', SERVERS, CONTROLS),
  ],
  controlFiles: [
    ...DIRECTORIES.flatMap((parent) => [
      userControl('plugin', parent, 'plugins/*'),
      userControl('plugin', parent, 'tools/*'),
    ]),
    userControl('skill', CONFIG, 'agents/skills/*/SKILL.md'),
    projectControl('plugin', '.amp/plugins/*'),
    projectControl('plugin', '.amp/tools/*'),
  ],
};
