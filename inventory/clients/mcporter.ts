import { type Client, MCP_SERVERS } from './client.ts';
import { controls, directory, projectFile, userFile } from './locations.ts';

const DIRECTORY = directory('home', '.mcporter');
const NAMED = directory('home', '.mcporter/mcporter.json', { MCPORTER_CONFIG: '' });
/** Names the clients whose servers it takes over. */
const IMPORTS = { controls: controls({ import: ['imports'] }) };

export const mcporter: Client = {
  id: 'mcporter',
  title: 'MCPorter',
  processes: ['mcporter'],
  locations: [
    userFile(NAMED, '', MCP_SERVERS, IMPORTS),
    userFile(DIRECTORY, 'mcporter.jsonc', MCP_SERVERS, IMPORTS),
    projectFile('config/mcporter.json', MCP_SERVERS, IMPORTS),
    projectFile('config/mcporter.jsonc', MCP_SERVERS, IMPORTS),
  ],
};
