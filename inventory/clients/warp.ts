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

const DIRECTORY = directory('home', '.warp');
const SETTINGS = [
  DIRECTORY,
  directory('config', 'warp-terminal', {}, ['linux']),
  directory('localappdata', 'warp/Warp/config', {}, ['win32']),
];

export const warp: Client = {
  id: 'warp',
  title: 'Warp',
  processes: ['warp', 'warp-terminal', 'Warp', 'warp.exe'],
  locations: [
    userFile(DIRECTORY, '.mcp.json', MCP_SERVERS),
    ...SETTINGS.map((parent) =>
      userFile(parent, 'settings.toml', NO_SERVERS, {
        controls: controls({
          filter: ['mcp_denylist', 'agents/profiles/mcp_denylist', 'agents/profiles/*/mcp_denylist'],
          trust: ['mcp_allowlist', 'agents/profiles/mcp_allowlist', 'agents/profiles/*/mcp_allowlist'],
        }),
      }),
    ),
    projectFile('.warp/.mcp.json', MCP_SERVERS),
  ],
  controlFiles: [userSkills(DIRECTORY), projectSkills('.warp')],
};
