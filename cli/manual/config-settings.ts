import { type AgentSetting, agentConfigSchema, agentSettings } from '../../agent/index.ts';
import { centralConfigSchema } from '../../central/index.ts';
import { code, listed } from './command-words.ts';
import { described } from './described-settings.ts';
import { type DocRow, settingRows } from './doc-tables.ts';
import { type KindSettings, type Setting, settingsByType, settingsOf } from './settings.ts';
import type { SettingGroup } from './settings-page.ts';

/** Pages of the documentation that describe settings. */
export interface SettingDocs {
  readonly agentConfig: string;
  readonly centralConfig: string;
  readonly feeds: string;
}

/** Settings of the agent. @throws {Error} where schema and documentation differ */
export function agentGroups(docs: SettingDocs): readonly SettingGroup[] {
  const settings = described(settingsOf(agentConfigSchema), [...ownRows(), ...settingRows(docs.agentConfig)]);
  const isEntry = ({ key }: Setting) => key.startsWith('rule_changes.') || key.startsWith('exceptions.');
  return [
    { title: 'Keys', about: 'Keys of the file:', settings: settings.filter((one) => !isEntry(one)) },
    {
      title: 'Entries of rule_changes and exceptions',
      about: 'A change takes exactly one of `disable` and `level`.',
      settings: settings.filter(isEntry),
    },
  ];
}

/** What the agent's own table says of its settings; entries of lists are described in the documentation. */
function ownRows(): readonly DocRow[] {
  return agentSettings()
    .filter(({ isManagedOnly }) => !isManagedOnly)
    .map((setting) => ({
      key: setting.key,
      words: setting.description,
      fallback: fallbackOf(setting.default),
    }));
}

function fallbackOf(value: AgentSetting['default']): string {
  if (value === undefined || value === null) return value === null ? 'none' : '';
  return typeof value === 'string' ? `\`${value}\`` : JSON.stringify(value);
}

/** Settings of central and of its feeds. @throws {Error} where schema and documentation differ */
export function centralGroups(docs: SettingDocs): readonly SettingGroup[] {
  const settings = described(settingsOf(centralConfigSchema), settingRows(docs.centralConfig));
  const feeds = described(
    mergedKinds(settingsByType(centralConfigSchema.shape.feeds)),
    settingRows(docs.feeds),
  );
  return [
    { title: 'Keys', about: 'Keys of the file:', settings },
    {
      title: 'Entries of feeds',
      about: 'Each entry is one receiver. Which keys it takes is decided by its `type`.',
      settings: feeds,
    },
  ];
}

/** Settings of all kinds by key; where kinds differ in what one takes, that is told of each. */
function mergedKinds(kinds: readonly KindSettings[]): readonly Setting[] {
  const byKey = new Map<string, { readonly type: string; readonly setting: Setting }[]>();
  for (const { type, settings } of kinds) {
    for (const setting of settings) {
      byKey.set(setting.key, [...(byKey.get(setting.key) ?? []), { type, setting }]);
    }
  }
  return [...byKey].map(([key, users]) => {
    const types = users.map(({ type }) => type);
    const of = types.length === kinds.length ? '' : `. Of ${listed(types.map(code), 'and')}`;
    const takes = key === 'type' ? `one of ${types.join(', ')}` : `${told(users, ({ takes }) => takes)}${of}`;
    return {
      key,
      takes,
      required: users.every(({ setting }) => setting.required),
      fallback: told(users, ({ fallback }) => fallback),
      isGroup: users.every(({ setting }) => setting.isGroup),
    };
  });
}

type Users = readonly { readonly type: string; readonly setting: Setting }[];

/** What all say alike, or else what each says. */
function told<T extends string | null>(users: Users, ask: (setting: Setting) => T): T | string {
  const answers = Map.groupBy(users, ({ setting }) => ask(setting));
  const [only] = answers.keys();
  if (answers.size === 1 && only !== undefined) return only;
  const each = [...answers].map(
    ([answer, some]) =>
      `${answer ?? 'none'} (${listed(
        some.map(({ type }) => code(type)),
        'and',
      )})`,
  );
  return each.join(', ');
}
