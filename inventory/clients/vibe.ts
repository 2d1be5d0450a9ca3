import type { Client } from './client.ts';
import {
  controls,
  directory,
  MCP_SERVERS_TABLE,
  NO_SERVERS,
  projectFile,
  projectSkills,
  userControl,
  userFile,
  userSkills,
} from './locations.ts';

const DIRECTORY = directory('home', '.vibe', { VIBE_HOME: '' });
const CONFIG = {
  controls: controls({
    trust: ['tools', 'auto_approve', 'bypass_tool_permissions'],
    filter: ['enabled_tools', 'disabled_tools', 'enabled_skills', 'disabled_skills'],
    skill: ['skill_paths'],
  }),
};
const HOOKS = { controls: controls({ hook: [''] }) };

export const vibe: Client = {
  id: 'vibe',
  title: 'Mistral Vibe',
  aliases: ['mistral-vibe'],
  processes: ['vibe', 'vibe-acp'],
  locations: [
    userFile(DIRECTORY, 'config.toml', MCP_SERVERS_TABLE, CONFIG),
    userFile(DIRECTORY, 'hooks.toml', NO_SERVERS, HOOKS),
    userFile(DIRECTORY, 'trusted_folders.toml', NO_SERVERS, { controls: controls({ trust: [''] }) }),
    projectFile('.vibe/config.toml', MCP_SERVERS_TABLE, CONFIG),
    projectFile('.vibe/hooks.toml', NO_SERVERS, HOOKS),
  ],
  controlFiles: [
    userSkills(DIRECTORY),
    userControl('plugin', DIRECTORY, 'tools/*.py'),
    projectSkills('.vibe'),
  ],
};
