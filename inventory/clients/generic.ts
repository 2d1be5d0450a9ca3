import type { Client } from './client.ts';
import { directory, projectSkills, userSkills } from './locations.ts';

/** Files that belong to no client that is known, or to many: read by every container key in use. */
export const generic: Client = {
  id: 'generic',
  title: 'Unknown client',
  aliases: ['mcpb', 'codegeex'],
  processes: [],
  locations: [],
  controlFiles: [userSkills(directory('home', '.agents')), projectSkills('.agents')],
};
