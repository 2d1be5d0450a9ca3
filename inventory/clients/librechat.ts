import { type Client, MCP_SERVERS } from './client.ts';
import { controls, directory, projectFile, userFile } from './locations.ts';

const CONFIG = { controls: controls({ filter: ['mcpSettings'] }) };
const FILE = directory('home', 'LibreChat/librechat.yaml', {
  LIBRECHAT_CONFIG_DIR: 'librechat.yaml',
});

/** A server program: it runs as `node` and has no name of its own among processes. */
export const librechat: Client = {
  id: 'librechat',
  title: 'LibreChat',
  processes: [],
  locations: [userFile(FILE, '', MCP_SERVERS, CONFIG), projectFile('librechat.yaml', MCP_SERVERS, CONFIG)],
};
