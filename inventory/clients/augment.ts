import { type Client, MCP_SERVERS } from './client.ts';
import {
  controls,
  directory,
  managedFiles,
  projectFile,
  projectSkills,
  systemPlaces,
  userFile,
  userSkills,
} from './locations.ts';

const DIRECTORY = directory('home', '.augment');
const CONTROLS = {
  controls: controls({
    hook: ['hooks'],
    trust: ['toolPermissions', 'tool-permissions'],
    plugin: ['enabledPlugins', 'plugins'],
  }),
};

export const augment: Client = {
  id: 'augment',
  title: 'Augment',
  aliases: ['augmentcode'],
  processes: ['auggie', 'augment'],
  locations: [
    userFile(DIRECTORY, 'settings.json', MCP_SERVERS, CONTROLS),
    projectFile('.augment/settings.json', MCP_SERVERS, CONTROLS),
    projectFile('.augment/settings.local.json', MCP_SERVERS, CONTROLS),
    ...managedFiles(
      systemPlaces({ linux: 'etc/augment', darwin: 'etc/augment', programdata: 'Augment' }),
      'settings.json',
      MCP_SERVERS,
      CONTROLS,
    ),
  ],
  controlFiles: [userSkills(DIRECTORY), projectSkills('.augment')],
};
