import type { Client } from './client.ts';
import {
  controls,
  directory,
  projectFile,
  serversAt,
  userControl,
  userFile,
  userSkills,
  WRAPPED_OR_FLAT,
} from './locations.ts';

const DIRECTORY = directory('home', '.zeptoclaw', { ZEPTOCLAW_HOME: '' });

export const zeptoclaw: Client = {
  id: 'zeptoclaw',
  title: 'ZeptoClaw',
  processes: ['zeptoclaw'],
  locations: [
    userFile(DIRECTORY, 'config.json', serversAt('mcp/servers'), {
      controls: controls({ hook: ['hooks'], plugin: ['plugins'], trust: ['approval'], filter: ['tools'] }),
    }),
  ],
  sharedLocations: [projectFile('.mcp.json', WRAPPED_OR_FLAT)],
  signs: [DIRECTORY],
  controlFiles: [userSkills(DIRECTORY), userControl('plugin', DIRECTORY, 'plugins/*/plugin.json')],
};
