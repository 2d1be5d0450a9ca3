import type { Client, Container } from './client.ts';
import { controls, directory, projectFile, serversAt, userFile } from './locations.ts';

/** A workflow may give each of its steps servers of its own; steps are a list. */
const SERVERS: readonly Container[] = serversAt(
  'mcp_servers',
  'steps/*/mcp_servers',
  'movements/*/mcp_servers',
);
const DIRECTORY = directory('home', '.takt');
const CONFIG = { controls: controls({ filter: ['workflow_mcp_servers'], trust: ['provider_profiles'] }) };
/** `pieces` is the older name. */
const WORKFLOWS = ['workflows/*.yaml', 'workflows/*.yml', 'pieces/*.yaml', 'pieces/*.yml'];

export const takt: Client = {
  id: 'takt',
  title: 'Takt',
  processes: ['takt'],
  locations: [
    userFile(DIRECTORY, 'config.yaml', SERVERS, CONFIG),
    ...WORKFLOWS.map((path) => userFile(DIRECTORY, path, SERVERS)),
    projectFile('.takt/config.yaml', SERVERS, CONFIG),
    ...WORKFLOWS.map((path) => projectFile(`.takt/${path}`, SERVERS)),
  ],
};
