import { type Client, MCP_SERVERS } from './client.ts';
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

const EXTENSIONS = serversAt('extensions');
/** Sources disagree on Windows. */
const DIRECTORIES = [
  directory('config', 'goose', { GOOSE_PATH_ROOT: 'config' }),
  directory('appdata', 'Block/goose/config', {}, ['win32']),
  directory('home', 'AppData/Block/goose', {}, ['win32']),
];
const CONFIG = {
  controls: controls({
    trust: ['GOOSE_MODE'],
    filter: ['GOOSE_ALLOWLIST'],
    hook: ['slash_commands'],
  }),
};
const SHARED = directory('home', '.agents');
const PLUGIN = 'plugins/*/.mcp.json';

export const goose: Client = {
  id: 'goose',
  title: 'Goose',
  processes: ['goose', 'goosed', 'Goose', 'goose.exe'],
  locations: [
    ...DIRECTORIES.flatMap((parent) => [
      userFile(parent, 'config.yaml', EXTENSIONS, CONFIG),
      userFile(parent, 'permission.yaml', NO_SERVERS, { controls: controls({ trust: [''] }) }),
    ]),
    userFile(SHARED, PLUGIN, MCP_SERVERS),
    userFile(SHARED, 'plugins/*/hooks/hooks.json', NO_SERVERS, { controls: controls({ hook: ['hooks'] }) }),
    projectFile(`.agents/${PLUGIN}`, MCP_SERVERS),
    projectFile('.agents/plugins/*/hooks/hooks.json', NO_SERVERS, {
      controls: controls({ hook: ['hooks'] }),
    }),
    projectFile('.goose/config.yaml', EXTENSIONS, CONFIG),
  ],
  controlFiles: [...DIRECTORIES.map(userSkills), projectSkills('.goose')],
};
