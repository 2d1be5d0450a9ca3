import { type Client, MCP_SERVERS } from './client.ts';
import { extensionConfigs } from './editors.ts';
import {
  controls,
  directory,
  NO_SERVERS,
  projectFile,
  serversAt,
  userControl,
  userFile,
} from './locations.ts';

const DIRECTORY = directory('home', '.continue', { CONTINUE_GLOBAL_DIR: '' });
const LEGACY = serversAt('mcpServers', 'experimental/modelContextProtocolServers');
const SERVER_FILES = ['mcpServers/*.yaml', 'mcpServers/*.yml', 'mcpServers/*.json'];

export const continueDev: Client = {
  id: 'continue',
  title: 'Continue',
  processes: ['cn', 'continue'],
  locations: [
    userFile(DIRECTORY, 'config.yaml', MCP_SERVERS),
    userFile(DIRECTORY, 'config.json', LEGACY),
    ...SERVER_FILES.map((path) => userFile(DIRECTORY, path, MCP_SERVERS)),
    userFile(DIRECTORY, 'permissions.yaml', NO_SERVERS, {
      controls: controls({ trust: ['allow'], filter: ['ask', 'exclude'] }),
    }),
    ...extensionConfigs('continue.continue/config.json', LEGACY),
    ...SERVER_FILES.map((path) => projectFile(`.continue/${path}`, MCP_SERVERS)),
    projectFile('.continue/config.yaml', MCP_SERVERS),
  ],
  controlFiles: [userControl('hook', DIRECTORY, 'config.ts')],
};
