import type { Client } from './client.ts';
import {
  controls,
  directory,
  MANIFEST_SERVERS,
  MCP_SERVERS_TABLE,
  managedFiles,
  managedPreferences,
  NO_SERVERS,
  projectControl,
  projectFile,
  projectRecord,
  projectSkills,
  systemPlaces,
  userControl,
  userFile,
  userSkills,
  WRAPPED_OR_FLAT,
} from './locations.ts';

const DIRECTORY = directory('home', '.codex', { CODEX_HOME: '' });
const MANAGED = systemPlaces({ linux: 'etc/codex', darwin: 'etc/codex', programdata: 'OpenAI/Codex' });
const PREFERENCES = managedPreferences('com.openai.codex');
const HOOKS = { controls: controls({ hook: ['hooks'] }) };
const CONFIG_KEYS = {
  trust: [
    'projects/*/trust_level',
    'approval_policy',
    'sandbox_mode',
    'sandbox_workspace_write',
    'profiles/*/approval_policy',
    'profiles/*/sandbox_mode',
    'apps',
  ],
  hook: ['hooks', 'notify'],
  filter: ['features', 'skills/config'],
  plugin: ['plugins', 'marketplaces'],
} as const;
const CONFIG = { controls: controls(CONFIG_KEYS) };
const REQUIREMENTS = {
  controls: controls({
    filter: [
      'mcp_servers',
      'allowed_approval_policies',
      'allowed_sandbox_modes',
      'allow_managed_hooks_only',
      'features',
      'rules',
    ],
    hook: ['hooks'],
  }),
};
const PLUGINS = 'plugins/cache/**';

export const codex: Client = {
  id: 'codex',
  title: 'Codex',
  processes: ['codex', 'Codex', 'codex.exe'],
  locations: [
    userFile(DIRECTORY, 'config.toml', MCP_SERVERS_TABLE, CONFIG),
    userFile(DIRECTORY, '*.config.toml', MCP_SERVERS_TABLE, CONFIG),
    userFile(DIRECTORY, `${PLUGINS}/.mcp.json`, WRAPPED_OR_FLAT),
    userFile(DIRECTORY, `${PLUGINS}/.codex-plugin/plugin.json`, MANIFEST_SERVERS, {
      controls: controls({ hook: ['hooks'], plugin: ['mcpServers'] }),
    }),
    userFile(DIRECTORY, `${PLUGINS}/hooks/hooks.json`, NO_SERVERS, HOOKS),
    userFile(DIRECTORY, 'hooks.json', NO_SERVERS, HOOKS),
    projectFile('.codex/config.toml', MCP_SERVERS_TABLE, { ...CONFIG, ancestors: true }),
    projectFile('.codex/hooks.json', NO_SERVERS, HOOKS),
    ...managedFiles(MANAGED, 'config.toml', MCP_SERVERS_TABLE, CONFIG),
    ...managedFiles(MANAGED, 'managed_config.toml', MCP_SERVERS_TABLE, CONFIG),
    ...managedFiles(MANAGED, 'requirements.toml', NO_SERVERS, REQUIREMENTS),
    ...managedFiles(PREFERENCES, '', MCP_SERVERS_TABLE, {
      ...CONFIG,
      embedded: { key: ['config_toml_base64'], format: 'toml' },
    }),
    ...managedFiles(PREFERENCES, '', NO_SERVERS, {
      ...REQUIREMENTS,
      embedded: { key: ['requirements_toml_base64'], format: 'toml' },
    }),
  ],
  sharedLocations: [projectFile('.mcp.json', WRAPPED_OR_FLAT)],
  signs: [DIRECTORY],
  controlFiles: [
    userControl('trust', DIRECTORY, 'rules/*.rules'),
    userSkills(DIRECTORY),
    userControl('skill', DIRECTORY, `${PLUGINS}/skills/*/SKILL.md`),
    userControl('skill', DIRECTORY, 'prompts/*.md'),
    projectControl('trust', '.codex/rules/*.rules'),
    projectSkills('.codex'),
  ],
  projectRecords: [projectRecord(DIRECTORY, 'config.toml', 'projects', 'keys')],
};
