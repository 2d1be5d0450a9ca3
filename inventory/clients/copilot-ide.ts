import type { Client } from './client.ts';
import { APPDATA, CONFIG, directory, projectFile, SERVERS_OR_MCP_SERVERS, userFile } from './locations.ts';

const LOCAL = directory('localappdata', '', {}, ['win32']);
const ROAMING = directory('appdata', '', {}, ['win32']);
const MAC = { ...APPDATA, platforms: ['darwin'] as const };

export const copilotIde: Client = {
  id: 'copilot-ide',
  title: 'GitHub Copilot in JetBrains, Eclipse and Xcode',
  processes: ['copilot-language-server', 'copilot-agent', 'GitHub Copilot for Xcode'],
  locations: [
    ...[CONFIG, LOCAL, ROAMING].flatMap((parent) => [
      userFile(parent, 'github-copilot/intellij/mcp.json', SERVERS_OR_MCP_SERVERS),
      userFile(parent, 'github-copilot/eclipse/mcp.json', SERVERS_OR_MCP_SERVERS),
    ]),
    userFile({ ...CONFIG, platforms: ['darwin'] }, 'github-copilot/xcode/mcp.json', SERVERS_OR_MCP_SERVERS),
    userFile(MAC, 'GitHub Copilot for Xcode/editorSettings.json', SERVERS_OR_MCP_SERVERS),
    projectFile('.github/copilot/mcp.json', SERVERS_OR_MCP_SERVERS),
  ],
};
