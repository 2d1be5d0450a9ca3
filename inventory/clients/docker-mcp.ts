import type { Client } from './client.ts';
import { controls, directory, NO_SERVERS, userControl, userFile } from './locations.ts';

const DIRECTORY = directory('home', '.docker/mcp');

/**
 * One gateway, started by other clients, in front of many servers. The registry only names those that are
 * on, and a catalogue says what they are; so both are controls of the gateway, not servers with a command.
 */
export const dockerMcp: Client = {
  id: 'docker-mcp',
  title: 'Docker MCP Toolkit',
  processes: ['docker-mcp', 'docker-mcp.exe'],
  locations: [
    userFile(DIRECTORY, 'registry.yaml', NO_SERVERS, { controls: controls({ plugin: ['registry/*'] }) }),
    userFile(DIRECTORY, 'config.yaml', NO_SERVERS, { controls: controls({ plugin: ['*'] }) }),
    userFile(DIRECTORY, 'tools.yaml', NO_SERVERS, { controls: controls({ filter: ['*'] }) }),
  ],
  controlFiles: [
    userControl('plugin', DIRECTORY, 'catalogs/*.yaml'),
    userControl('plugin', DIRECTORY, 'catalog.json'),
  ],
};
