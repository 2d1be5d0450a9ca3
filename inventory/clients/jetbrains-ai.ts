import type { Client } from './client.ts';
import { APPDATA, HOME, projectFile, serversAt, userControl, userFile } from './locations.ts';

const SERVERS = serversAt('mcpServers', 'servers');

/**
 * Sources disagree on the file. What the IDE itself writes is XML, of which only a change is seen; so are
 * its recent projects, which are not read.
 */
export const jetbrainsAi: Client = {
  id: 'jetbrains-ai',
  title: 'JetBrains AI Assistant',
  aliases: ['jetbrains'],
  processes: [
    'idea',
    'idea64.exe',
    'pycharm',
    'webstorm',
    'goland',
    'clion',
    'rider',
    'phpstorm',
    'rubymine',
  ],
  locations: [
    userFile(HOME, '.ai/mcp/mcp.json', SERVERS),
    userFile(APPDATA, 'JetBrains/*/mcp.json', SERVERS),
    userFile(APPDATA, 'JetBrains/*/mcp/servers.json', SERVERS),
    projectFile('.ai/mcp/mcp.json', SERVERS),
    projectFile('.idea/mcp.json', SERVERS),
  ],
  controlFiles: [userControl('plugin', APPDATA, 'JetBrains/*/options/llm.mcpServers.xml')],
};
