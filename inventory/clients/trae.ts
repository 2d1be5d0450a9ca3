import { type Client, MCP_SERVERS, type Place } from './client.ts';
import {
  EDITOR_CONTROLS,
  editorExtensions,
  editorProjects,
  SETTINGS_SERVERS,
  TRAE,
  userDirectories,
} from './editors.ts';
import { APPDATA, below, HOME, projectFile, projectSkills, userFile } from './locations.ts';

const DIRECTORIES: readonly Place[] = [...userDirectories(TRAE), below(APPDATA, 'Trae CN/User')];

export const trae: Client = {
  id: 'trae',
  title: 'Trae',
  processes: ['trae', 'Trae', 'Trae.exe'],
  locations: [
    ...DIRECTORIES.flatMap((user) => [
      userFile(user, 'mcp.json', MCP_SERVERS),
      userFile(user, 'settings.json', SETTINGS_SERVERS, { controls: EDITOR_CONTROLS }),
    ]),
    userFile(HOME, '.trae/mcp.json', MCP_SERVERS),
    projectFile('.trae/mcp.json', MCP_SERVERS),
  ],
  controlFiles: [projectSkills('.trae'), ...editorExtensions(TRAE)],
  projectRecords: editorProjects(TRAE),
};
