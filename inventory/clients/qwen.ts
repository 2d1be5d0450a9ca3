import { type Client, MCP_SERVERS } from './client.ts';
import { EXTENSION_SETTINGS, GEMINI_SETTINGS, HOOKS } from './gemini.ts';
import {
  controls,
  directory,
  managedFiles,
  NO_SERVERS,
  projectControl,
  projectFile,
  projectSkills,
  systemPlaces,
  userControl,
  userFile,
  userSkills,
} from './locations.ts';

const DIRECTORY = directory('home', '.qwen', { QWEN_HOME: '' });
const SYSTEM = systemPlaces(
  {
    linux: 'etc/qwen-code/settings.json',
    darwin: 'Library/Application Support/QwenCode/settings.json',
    programdata: 'qwen-code/settings.json',
  },
  { QWEN_CODE_SYSTEM_SETTINGS_PATH: '' },
);
const SYSTEM_DEFAULTS = systemPlaces(
  {
    linux: 'etc/qwen-code/system-defaults.json',
    darwin: 'Library/Application Support/QwenCode/system-defaults.json',
    programdata: 'qwen-code/system-defaults.json',
  },
  { QWEN_CODE_SYSTEM_DEFAULTS_PATH: '' },
);

export const qwen: Client = {
  id: 'qwen',
  title: 'Qwen Code',
  processes: ['qwen'],
  locations: [
    userFile(DIRECTORY, 'settings.json', MCP_SERVERS, GEMINI_SETTINGS),
    userFile(DIRECTORY, 'extensions/*/qwen-extension.json', MCP_SERVERS, EXTENSION_SETTINGS),
    userFile(DIRECTORY, 'extensions/*/hooks/hooks.json', NO_SERVERS, HOOKS),
    userFile(DIRECTORY, 'extensions/extension-enablement.json', NO_SERVERS, {
      controls: controls({ plugin: [''] }),
    }),
    userFile(DIRECTORY, 'trustedFolders.json', NO_SERVERS, { controls: controls({ trust: [''] }) }),
    projectFile('.qwen/settings.json', MCP_SERVERS, GEMINI_SETTINGS),
    ...managedFiles(SYSTEM, '', MCP_SERVERS, GEMINI_SETTINGS),
    ...managedFiles(SYSTEM_DEFAULTS, '', MCP_SERVERS, GEMINI_SETTINGS),
  ],
  controlFiles: [
    userSkills(DIRECTORY),
    userControl('skill', DIRECTORY, 'agents/*.md'),
    projectSkills('.qwen'),
    projectControl('skill', '.qwen/agents/*.md'),
  ],
};
