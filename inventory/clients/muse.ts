import type { Client } from './client.ts';
import {
  controls,
  directory,
  NO_SERVERS,
  projectFile,
  serversAt,
  userFile,
  userSkills,
} from './locations.ts';

const DIRECTORY = directory('config', 'muse');

export const muse: Client = {
  id: 'muse',
  title: 'Muse Code',
  processes: ['muse'],
  locations: [
    userFile(DIRECTORY, 'settings.json', serversAt('mcp_servers'), {
      controls: controls({ hook: ['hooks'], trust: ['permissions'] }),
    }),
    projectFile('.muse/hooks.json', NO_SERVERS, { controls: controls({ hook: [''] }) }),
    projectFile('.muse/approval-policy.json', NO_SERVERS, { controls: controls({ trust: [''] }) }),
    projectFile('.muse/trust.json', NO_SERVERS, { controls: controls({ trust: [''] }) }),
  ],
  controlFiles: [userSkills(DIRECTORY)],
};
