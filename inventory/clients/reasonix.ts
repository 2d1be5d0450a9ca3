import type { Client } from './client.ts';
import {
  controls,
  directory,
  NO_SERVERS,
  projectFile,
  projectSkills,
  serversAt,
  userFile,
  userSkills,
} from './locations.ts';

const SERVERS = serversAt('plugins');
const DIRECTORY = directory('home', '.reasonix');
const CONFIG = { controls: controls({ trust: ['permissions'], filter: ['sandbox'] }) };
const HOOKS = { controls: controls({ hook: ['hooks'] }) };

export const reasonix: Client = {
  id: 'reasonix',
  title: 'Reasonix',
  processes: ['reasonix'],
  locations: [
    userFile(DIRECTORY, 'config.toml', SERVERS, CONFIG),
    userFile(DIRECTORY, 'settings.json', NO_SERVERS, HOOKS),
    projectFile('reasonix.toml', SERVERS, CONFIG),
    projectFile('.reasonix/settings.json', NO_SERVERS, HOOKS),
  ],
  controlFiles: [userSkills(DIRECTORY), projectSkills('.reasonix')],
};
