import { type Client, MCP_SERVERS } from './client.ts';
import { extensionConfigs } from './editors.ts';
import {
  directory,
  HOME,
  projectControl,
  projectFile,
  projectSkills,
  userControl,
  userFile,
  userSkills,
} from './locations.ts';

const DIRECTORY = directory('home', '.cline', { CLINE_DIR: '' });
const SETTINGS = directory('home', '.cline/data/settings/cline_mcp_settings.json', {
  CLINE_DIR: 'data/settings/cline_mcp_settings.json',
  CLINE_DATA_DIR: 'settings/cline_mcp_settings.json',
  CLINE_MCP_SETTINGS_PATH: '',
});

export const cline: Client = {
  id: 'cline',
  title: 'Cline',
  processes: ['cline'],
  locations: [
    userFile(SETTINGS, '', MCP_SERVERS),
    ...extensionConfigs('saoudrizwan.claude-dev/settings/cline_mcp_settings.json', MCP_SERVERS),
    projectFile('.cline/mcp.json', MCP_SERVERS),
  ],
  controlFiles: [
    userControl('hook', HOME, 'Documents/Cline/Hooks/*'),
    userControl('hook', HOME, 'Cline/Hooks/*'),
    userSkills(DIRECTORY),
    projectControl('hook', '.clinerules/hooks/*'),
    projectSkills('.cline'),
  ],
};
