import type { Client, Place } from './client.ts';
import {
  controls,
  directory,
  NO_SERVERS,
  serversAt,
  userControl,
  userFile,
  userSkills,
} from './locations.ts';

const SERVERS = serversAt('mcp/servers', 'mcpServers');
const NAMED = directory('home', '.openclaw/openclaw.json', { OPENCLAW_CONFIG_PATH: '' });
/** The program was renamed; it still reads the old directory. */
const DIRECTORIES: readonly Place[] = [
  directory('home', '.openclaw', { OPENCLAW_STATE_DIR: '' }),
  directory('home', '.clawdbot', { CLAWDBOT_STATE_DIR: '' }),
];
const CONFIG = {
  controls: controls({
    plugin: ['plugins'],
    hook: ['hooks'],
    trust: ['tools/exec', 'tools/elevated', 'approvals'],
    filter: ['tools/allow', 'tools/deny', 'tools/profile'],
    skill: ['skills'],
  }),
};

export const openclaw: Client = {
  id: 'openclaw',
  title: 'OpenClaw',
  processes: ['openclaw', 'clawdbot'],
  locations: [
    userFile(NAMED, '', SERVERS, CONFIG),
    ...DIRECTORIES.flatMap((parent) => [
      userFile(parent, 'openclaw.json', SERVERS, CONFIG),
      userFile(parent, 'clawdbot.json', SERVERS, CONFIG),
      userFile(parent, 'exec-approvals.json', NO_SERVERS, {
        controls: controls({
          trust: ['defaults', 'agents/*/security', 'agents/*/ask', 'agents/*/allowlist/*/pattern'],
        }),
      }),
    ]),
  ],
  controlFiles: DIRECTORIES.flatMap((parent) => [
    userSkills(parent),
    userControl('skill', parent, 'workspace/skills/*/SKILL.md'),
    userControl('plugin', parent, 'extensions/*/openclaw.plugin.json'),
    userControl('hook', parent, 'hooks/*/*'),
  ]),
};
