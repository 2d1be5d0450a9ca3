import type { Client, Place } from './client.ts';
import { controls, directory, MCP_SERVERS_TABLE, projectFile, userControl, userFile } from './locations.ts';

const DIRECTORIES: readonly Place[] = [
  directory('home', '.hermes', { HERMES_HOME: '' }),
  directory('localappdata', 'hermes', {}, ['win32']),
];
const CONFIG = {
  controls: controls({
    hook: ['hooks', 'hooks_auto_accept'],
    trust: ['approvals', 'command_allowlist', 'trust'],
    filter: ['toolsets', 'platform_toolsets', 'disabled_toolsets'],
    plugin: ['plugins'],
    skill: ['skills'],
  }),
};

export const hermes: Client = {
  id: 'hermes',
  title: 'Hermes',
  processes: ['hermes', 'hermes.exe'],
  locations: [
    ...DIRECTORIES.map((parent) => userFile(parent, 'config.yaml', MCP_SERVERS_TABLE, CONFIG)),
    projectFile('.hermes/config.yaml', MCP_SERVERS_TABLE, CONFIG),
  ],
  controlFiles: DIRECTORIES.flatMap((parent) => [
    userControl('skill', parent, 'skills/**/SKILL.md'),
    userControl('plugin', parent, 'plugins/*/plugin.yaml'),
    userControl('hook', parent, 'hooks/*/*'),
    userControl('hook', parent, 'agent-hooks/*'),
  ]),
};
