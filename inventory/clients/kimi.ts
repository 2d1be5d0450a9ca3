import { type Client, MCP_SERVERS } from './client.ts';
import {
  controls,
  directory,
  NO_SERVERS,
  projectFile,
  projectSkills,
  userFile,
  userSkills,
} from './locations.ts';

/** Two generations of the program, under two names. */
const DIRECTORIES = [
  directory('home', '.kimi-code', { KIMI_CODE_HOME: '' }),
  directory('home', '.kimi', { KIMI_SHARE_DIR: '' }),
];
const CONFIG = {
  controls: controls({ hook: ['hooks'], trust: ['default_yolo', 'permission', 'permissions'] }),
};

export const kimi: Client = {
  id: 'kimi',
  title: 'Kimi Code',
  processes: ['kimi', 'kimi-code'],
  locations: [
    ...DIRECTORIES.flatMap((parent) => [
      userFile(parent, 'mcp.json', MCP_SERVERS),
      userFile(parent, 'config.toml', NO_SERVERS, CONFIG),
    ]),
    projectFile('.kimi-code/mcp.json', MCP_SERVERS),
    projectFile('.kimi/mcp.json', MCP_SERVERS),
  ],
  controlFiles: [...DIRECTORIES.map(userSkills), projectSkills('.kimi-code'), projectSkills('.kimi')],
};
