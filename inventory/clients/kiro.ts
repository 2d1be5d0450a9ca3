import type { Client } from './client.ts';
import {
  EDITOR_CONTROLS,
  editorExtensions,
  editorProjects,
  KIRO,
  SETTINGS_SERVERS,
  userDirectories,
} from './editors.ts';
import {
  controls,
  directory,
  NO_SERVERS,
  projectControl,
  projectFile,
  projectSkills,
  serversAt,
  userControl,
  userFile,
  userSkills,
} from './locations.ts';

const DIRECTORY = directory('home', '.kiro', { KIRO_HOME: '' });
const SERVERS = serversAt('mcpServers', 'powers/mcpServers');
const AGENT = {
  controls: controls({
    hook: ['hooks'],
    trust: ['allowedTools', 'toolsSettings'],
    filter: ['tools'],
    import: ['includeMcpJson', 'useLegacyMcpJson'],
    plugin: ['includePowers'],
  }),
};
const SETTINGS = {
  controls: [
    ...EDITOR_CONTROLS,
    ...controls({ trust: ['kiroAgent.trustedCommands', 'kiroAgent.trustedTools'] }),
  ],
};

export const kiro: Client = {
  id: 'kiro',
  title: 'Kiro',
  processes: ['kiro', 'Kiro', 'kiro-cli', 'Kiro.exe'],
  locations: [
    userFile(DIRECTORY, 'settings/mcp.json', SERVERS),
    userFile(DIRECTORY, 'agents/*.json', SERVERS, AGENT),
    userFile(DIRECTORY, 'powers/installed/*/mcp.json', SERVERS),
    userFile(DIRECTORY, 'powers/installed.json', NO_SERVERS, { controls: controls({ plugin: [''] }) }),
    ...userDirectories(KIRO).map((user) => userFile(user, 'settings.json', SETTINGS_SERVERS, SETTINGS)),
    projectFile('.kiro/settings/mcp.json', SERVERS),
    projectFile('.kiro/agents/*.json', SERVERS, AGENT),
  ],
  controlFiles: [
    userControl('hook', DIRECTORY, 'hooks/*'),
    userSkills(DIRECTORY),
    projectControl('hook', '.kiro/hooks/*'),
    projectSkills('.kiro'),
    ...editorExtensions(KIRO),
  ],
  projectRecords: editorProjects(KIRO),
};
