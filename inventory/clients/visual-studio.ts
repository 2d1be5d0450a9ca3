import type { Client } from './client.ts';
import { directory, projectFile, SERVERS_OR_MCP_SERVERS, userFile } from './locations.ts';

const WINDOWS = { platforms: ['win32'] as const };

export const visualStudio: Client = {
  id: 'visual-studio',
  title: 'Visual Studio',
  processes: ['devenv', 'devenv.exe'],
  // The text readers of .NET follow the byte order mark.
  encodings: ['utf-8', 'utf-16'],
  locations: [
    userFile(directory('home', '', {}, ['win32']), '.mcp.json', SERVERS_OR_MCP_SERVERS),
    projectFile('.vs/mcp.json', SERVERS_OR_MCP_SERVERS, WINDOWS),
    projectFile('.mcp/mcp.json', SERVERS_OR_MCP_SERVERS, WINDOWS),
  ],
  sharedLocations: ['.mcp.json', '.vscode/mcp.json', '.cursor/mcp.json'].map((path) =>
    projectFile(path, SERVERS_OR_MCP_SERVERS, WINDOWS),
  ),
  signs: [directory('localappdata', 'Microsoft/VisualStudio', {}, ['win32'])],
};
