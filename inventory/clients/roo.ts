import { type Client, MCP_SERVERS } from './client.ts';
import { extensionConfigs } from './editors.ts';
import { directory, projectFile, projectSkills, userSkills } from './locations.ts';

const STORAGE = 'rooveterinaryinc.roo-cline/settings';

/** Zoo Code, which continues it, reads the same project files. */
export const roo: Client = {
  id: 'roo',
  title: 'Roo Code',
  processes: ['roo'],
  locations: [
    ...extensionConfigs(`${STORAGE}/mcp_settings.json`, MCP_SERVERS),
    ...extensionConfigs(`${STORAGE}/cline_mcp_settings.json`, MCP_SERVERS),
    projectFile('.roo/mcp.json', MCP_SERVERS),
  ],
  controlFiles: [userSkills(directory('home', '.roo')), projectSkills('.roo')],
};
