import { type Client, MCP_SERVERS } from './client.ts';
import {
  controls,
  directory,
  managedControls,
  managedFiles,
  NO_SERVERS,
  projectControl,
  projectFile,
  projectRecord,
  projectSkills,
  systemPlaces,
  userControl,
  userFile,
  userSkills,
} from './locations.ts';

/** The settings of Gemini CLI and of Qwen Code, which grew from it; older versions had them at the top. */
export const GEMINI_SETTINGS = {
  controls: controls({
    hook: ['hooks', 'tools/discoveryCommand', 'tools/callCommand', 'mcp/serverCommand'],
    trust: [
      'tools/allowed',
      'tools/autoAccept',
      'tools/approvalMode',
      'general/defaultApprovalMode',
      'security/folderTrust',
      'security/enablePermanentToolApproval',
      'permissions',
      'autoAccept',
      'allowedTools',
    ],
    filter: [
      'mcp/allowed',
      'mcp/excluded',
      'tools/core',
      'tools/exclude',
      'tools/sandbox',
      'hooksConfig',
      'admin',
      'allowMCPServers',
      'excludeMCPServers',
      'security/disableYoloMode',
    ],
    skill: ['skills'],
  }),
};
export const EXTENSION_SETTINGS = {
  controls: controls({ filter: ['excludeTools'], hook: ['hooks'], plugin: ['settings'] }),
};
export const HOOKS = { controls: controls({ hook: ['hooks'] }) };
const WHOLE_TRUST = { controls: controls({ trust: [''] }) };

const DIRECTORY = directory('home', '.gemini', { GEMINI_CLI_HOME: '.gemini' });
const SYSTEM = systemPlaces(
  {
    linux: 'etc/gemini-cli/settings.json',
    darwin: 'Library/Application Support/GeminiCli/settings.json',
    programdata: 'gemini-cli/settings.json',
  },
  { GEMINI_CLI_SYSTEM_SETTINGS_PATH: '' },
);
const SYSTEM_DEFAULTS = systemPlaces(
  {
    linux: 'etc/gemini-cli/system-defaults.json',
    darwin: 'Library/Application Support/GeminiCli/system-defaults.json',
    programdata: 'gemini-cli/system-defaults.json',
  },
  { GEMINI_CLI_SYSTEM_DEFAULTS_PATH: '' },
);
const SYSTEM_DIRECTORIES = systemPlaces({
  linux: 'etc/gemini-cli',
  darwin: 'Library/Application Support/GeminiCli',
  programdata: 'gemini-cli',
});

export const gemini: Client = {
  id: 'gemini',
  title: 'Gemini CLI',
  aliases: ['gemini-extension'],
  processes: ['gemini'],
  locations: [
    userFile(DIRECTORY, 'settings.json', MCP_SERVERS, GEMINI_SETTINGS),
    userFile(DIRECTORY, 'extensions/*/gemini-extension.json', MCP_SERVERS, EXTENSION_SETTINGS),
    userFile(DIRECTORY, 'extensions/*/hooks/hooks.json', NO_SERVERS, HOOKS),
    userFile(DIRECTORY, 'extensions/extension-enablement.json', NO_SERVERS, {
      controls: controls({ plugin: [''] }),
    }),
    userFile(DIRECTORY, 'mcp-server-enablement.json', NO_SERVERS, { controls: controls({ filter: [''] }) }),
    userFile(DIRECTORY, 'trustedFolders.json', NO_SERVERS, WHOLE_TRUST),
    projectFile('.gemini/settings.json', MCP_SERVERS, GEMINI_SETTINGS),
    projectFile('.gemini/extensions/*/gemini-extension.json', MCP_SERVERS, EXTENSION_SETTINGS),
    ...managedFiles(SYSTEM, '', MCP_SERVERS, GEMINI_SETTINGS),
    ...managedFiles(SYSTEM_DEFAULTS, '', MCP_SERVERS, GEMINI_SETTINGS),
  ],
  controlFiles: [
    userControl('trust', DIRECTORY, 'policies/*.toml'),
    userSkills(DIRECTORY),
    userControl('skill', DIRECTORY, 'commands/**/*.toml'),
    userControl('skill', DIRECTORY, 'extensions/*/skills/*/SKILL.md'),
    projectControl('trust', '.gemini/policies/*.toml'),
    projectSkills('.gemini'),
    projectControl('skill', '.gemini/commands/**/*.toml'),
    ...managedControls('trust', SYSTEM_DIRECTORIES, 'policies/*.toml'),
  ],
  projectRecords: [projectRecord(DIRECTORY, 'projects.json', 'projects', 'keys')],
  urlTransports: { url: 'sse', httpUrl: 'http' },
};
