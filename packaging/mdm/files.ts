import { build, type PlistValue } from 'plist';
import { type AgentSetting, agentSettings, PREFERENCE_DOMAIN } from '../../agent/index.ts';
import type { GeneratedFile } from '../generated-file.ts';
import { launchdJobs, logRotation } from '../macos/launchd.ts';
import { ansibleRole } from './ansible-role.ts';
import { type ProfileOptions, profiles, secrecy } from './profiles.ts';
import { configTemplate, settingsPage } from './settings-page.ts';

const STATE_DIRS = { linux: '/var/lib/sealwatch', macos: '/var/db/sealwatch' } as const;

function below(directory: string, files: readonly GeneratedFile[]): readonly GeneratedFile[] {
  return files.map((file) => ({ ...file, path: `${directory}/${file.path}` }));
}

/** What follows from the tables of this checkout alone; it is kept in it, at these paths. */
export function staticFiles(settings: readonly AgentSetting[]): readonly GeneratedFile[] {
  return [
    { path: 'docs/settings.md', text: settingsPage(settings) },
    { path: 'packaging/etc/agent.example.yml', text: configTemplate(settings, STATE_DIRS.linux) },
    ...below('packaging/ansible/roles/sealwatch_agent', ansibleRole(settings)),
    ...below('packaging/macos', [
      ...launchdJobs(),
      logRotation(),
      // The rest comes by managed preferences.
      { path: 'agent.yml', text: `state_dir: ${STATE_DIRS.macos}\npin_dir: null\n` },
    ]),
  ];
}

/** Every setting with its example, as a property list has it. */
export function examplePreferences(settings: readonly AgentSetting[]): { [key: string]: PlistValue } {
  const preferences = new Map<string, PlistValue>();
  for (const { key, example } of settings) {
    const value = plistValue(example);
    const [map = '', inner] = key.split('.');
    const before = preferences.get(map);
    const members = typeof before === 'object' && before !== null ? before : {};
    preferences.set(map, inner === undefined ? value : { ...members, [inner]: value });
  }
  return Object.fromEntries(preferences);
}

/** What a device management gets for one organisation. */
export function mdmFiles(options: ProfileOptions): readonly GeneratedFile[] {
  return [
    ...below('profiles', profiles(options)),
    {
      path: `preferences/${PREFERENCE_DOMAIN}.plist`,
      text: `${build(options.preferences)}\n`,
      ...secrecy(options.preferences),
    },
    {
      path: 'preferences/every-setting.example.plist',
      text: `${build(examplePreferences(agentSettings()))}\n`,
    },
    ...below('launchd', [...launchdJobs(), logRotation()]),
  ];
}

/** The same value in the library's type, which is not readonly. */
function plistValue(value: AgentSetting['example']): PlistValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plistValue);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plistValue(part)]));
}
