import type { Client } from './client.ts';
import {
  controls,
  directory,
  MCP_MAP,
  projectControl,
  projectFile,
  userControl,
  userFile,
  userSkills,
} from './locations.ts';

const CONFIG = directory('config', 'crush', { CRUSH_GLOBAL_CONFIG: '' });
const DIRECTORIES = [
  CONFIG,
  directory('data', 'crush', { CRUSH_GLOBAL_DATA: '' }),
  directory('localappdata', 'crush', {}, ['win32']),
];
const CONTROLS = {
  controls: controls({
    trust: ['permissions/allowed_tools'],
    filter: ['options/disabled_tools'],
    hook: ['hooks', 'lsp'],
    skill: ['options/skills_paths'],
  }),
};

export const crush: Client = {
  id: 'crush',
  title: 'Crush',
  processes: ['crush', 'crush.exe'],
  locations: [
    ...DIRECTORIES.map((parent) => userFile(parent, 'crush.json', MCP_MAP, CONTROLS)),
    projectFile('.crush.json', MCP_MAP, CONTROLS),
    projectFile('crush.json', MCP_MAP, CONTROLS),
  ],
  controlFiles: [
    userControl('hook', CONFIG, 'crushrc'),
    projectControl('hook', 'crushrc'),
    projectControl('hook', '.crushrc'),
    userSkills(CONFIG),
  ],
};
