import { type Client, MCP_SERVERS } from './client.ts';
import { extensionConfigs } from './editors.ts';
import { directory, projectFile, serversAt, userFile } from './locations.ts';
import { loadedByProject, loadedByUser, OPENCODE_CONTROLS } from './opencode.ts';

const SERVERS = serversAt('mcp', 'mcpServers');
const DIRECTORY = directory('config', 'kilo', { KILO_CONFIG_DIR: '' });
const NAMED = directory('config', 'kilo/kilo.json', { KILO_CONFIG: '' });

export const kilocode: Client = {
  id: 'kilocode',
  title: 'Kilo Code',
  processes: ['kilo', 'kilocode', 'kilo.exe'],
  locations: [
    userFile(NAMED, '', SERVERS, OPENCODE_CONTROLS),
    userFile(DIRECTORY, 'kilo.json', SERVERS, OPENCODE_CONTROLS),
    userFile(DIRECTORY, 'kilo.jsonc', SERVERS, OPENCODE_CONTROLS),
    ...extensionConfigs('kilocode.kilo-code/settings/mcp_settings.json', MCP_SERVERS),
    ...['kilo.json', 'kilo.jsonc', '.kilo/kilo.json', '.kilo/kilo.jsonc'].map((path) =>
      projectFile(path, SERVERS, OPENCODE_CONTROLS),
    ),
    projectFile('.kilocode/mcp.json', SERVERS),
  ],
  controlFiles: [...loadedByUser(DIRECTORY), ...loadedByProject('.kilo')],
};
