import { type Client, type ConfigLocation, type Container, MCP_SERVERS, type Place } from './client.ts';
import {
  below,
  controls,
  directory,
  HOME,
  MANIFEST_SERVERS,
  managedControls,
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

const DIRECTORY = directory('home', '.claude', { CLAUDE_CONFIG_DIR: '' });
/** In the home itself, but inside the directory where that is moved. */
const STATE = directory('home', '.claude.json', { CLAUDE_CONFIG_DIR: '.claude.json' });
/** The cache variable, too, names the parent of `cache`. */
const PLUGINS = directory('home', '.claude/plugins', {
  CLAUDE_CONFIG_DIR: 'plugins',
  CLAUDE_CODE_PLUGIN_CACHE_DIR: '',
  CLAUDE_CODE_PLUGIN_SEED_DIR: '',
});
const PLUGIN_TREES = ['cache/**', 'repos/**'].map((path) => below(PLUGINS, path));
/** Sources disagree on Windows. */
const MANAGED = systemPlaces({
  linux: 'etc/claude-code',
  darwin: 'Library/Application Support/ClaudeCode',
  drive: 'Program Files/ClaudeCode',
  programdata: 'ClaudeCode',
});

const STATE_SERVERS: readonly Container[] = [
  { path: ['mcpServers'] },
  { path: ['projects', '*', 'mcpServers'] },
];
const STATE_CONTROLS = controls({
  trust: [
    'bypassPermissionsModeAccepted',
    'projects/*/hasTrustDialogAccepted',
    'projects/*/enableAllProjectMcpServers',
    'projects/*/enabledMcpjsonServers',
    'projects/*/allowedTools',
  ],
  filter: ['projects/*/disabledMcpjsonServers', 'projects/*/disabledMcpServers'],
});

const SETTINGS = {
  hook: [
    'hooks',
    'apiKeyHelper',
    'awsAuthRefresh',
    'awsCredentialExport',
    'gcpAuthRefresh',
    'otelHeadersHelper',
    'statusLine',
    'fileSuggestion',
  ],
  trust: [
    'enableAllProjectMcpServers',
    'enabledMcpjsonServers',
    'permissions/defaultMode',
    'permissions/allow',
    'permissions/additionalDirectories',
    'skipDangerousModePermissionPrompt',
    'sandbox/autoAllowBashIfSandboxed',
    // Where the conversation and its key go (CVE-2026-21852).
    'env/ANTHROPIC_BASE_URL',
    'env/ANTHROPIC_BEDROCK_BASE_URL',
    'env/ANTHROPIC_VERTEX_BASE_URL',
  ],
  filter: [
    'disabledMcpjsonServers',
    'permissions/ask',
    'permissions/deny',
    'disableAllHooks',
    'sandbox/enabled',
  ],
  plugin: ['enabledPlugins', 'extraKnownMarketplaces'],
} as const;
const SETTINGS_CONTROLS = controls(SETTINGS);
const MANAGED_CONTROLS = controls({
  ...SETTINGS,
  filter: [
    ...SETTINGS.filter,
    'allowedMcpServers',
    'deniedMcpServers',
    'allowManagedMcpServersOnly',
    'allowManagedHooksOnly',
    'allowManagedPermissionRulesOnly',
    'permissions/disableBypassPermissionsMode',
    'strictKnownMarketplaces',
    'blockedMarketplaces',
  ],
});

function pluginFiles(tree: Place): readonly ConfigLocation[] {
  return [
    userFile(tree, '.mcp.json', WRAPPED_OR_FLAT),
    userFile(tree, '.claude-plugin/plugin.json', MANIFEST_SERVERS, {
      controls: controls({ hook: ['hooks', 'lspServers'], plugin: ['mcpServers'] }),
    }),
    userFile(tree, 'hooks/hooks.json', NO_SERVERS, { controls: controls({ hook: ['hooks'] }) }),
  ];
}

/** Policies of HKLM\SOFTWARE\Policies\ClaudeCode are no file and are not read. */
export const claudeCode: Client = {
  id: 'claude-code',
  title: 'Claude Code',
  aliases: ['claude-code-user', 'claude-code-settings', 'claude-code-plugin'],
  processes: ['claude', 'claude.exe'],
  locations: [
    userFile(STATE, '', STATE_SERVERS, { controls: STATE_CONTROLS }),
    userFile(HOME, '.claude/.claude.json', STATE_SERVERS, { controls: STATE_CONTROLS }),
    userFile(DIRECTORY, 'settings.json', MCP_SERVERS, { controls: SETTINGS_CONTROLS }),
    userFile(DIRECTORY, 'settings.local.json', MCP_SERVERS, { controls: SETTINGS_CONTROLS }),
    userFile(DIRECTORY, 'mcp_servers.json', WRAPPED_OR_FLAT),
    ...PLUGIN_TREES.flatMap(pluginFiles),
    userFile(PLUGINS, 'installed_plugins.json', NO_SERVERS, { controls: controls({ plugin: ['plugins'] }) }),
    userFile(PLUGINS, 'known_marketplaces.json', NO_SERVERS, {
      controls: controls({ plugin: ['*/source'] }),
    }),
    projectFile('.mcp.json', WRAPPED_OR_FLAT, { ancestors: true }),
    projectFile('.claude/settings.json', MCP_SERVERS, { controls: SETTINGS_CONTROLS }),
    projectFile('.claude/settings.local.json', MCP_SERVERS, { controls: SETTINGS_CONTROLS }),
    ...managedFiles(MANAGED, 'managed-mcp.json', WRAPPED_OR_FLAT),
    ...['managed-settings.json', 'managed-settings.d/*.json'].flatMap((path) =>
      managedFiles(MANAGED, path, MCP_SERVERS, { controls: MANAGED_CONTROLS }),
    ),
    ...managedFiles(managedPreferences('com.anthropic.claudecode'), '', NO_SERVERS, {
      controls: MANAGED_CONTROLS,
    }),
  ],
  controlFiles: [
    userSkills(DIRECTORY),
    userControl('skill', DIRECTORY, 'agents/*.md'),
    userControl('skill', DIRECTORY, 'commands/**/*.md'),
    ...PLUGIN_TREES.map((tree) => userControl('skill', tree, 'skills/*/SKILL.md')),
    projectSkills('.claude'),
    projectControl('skill', '.claude/agents/*.md'),
    projectControl('skill', '.claude/commands/**/*.md'),
    projectControl('hook', '.claude/hooks/*'),
    ...managedControls('skill', MANAGED, '.claude/skills/*/SKILL.md'),
    ...managedControls('skill', MANAGED, '.claude/agents/*.md'),
  ],
  projectRecords: [projectRecord(STATE, '', 'projects', 'keys')],
};
