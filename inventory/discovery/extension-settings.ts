import { basename, dirname, join } from 'node:path';
import type { SettingsOfEntry } from '../clients/client.ts';
import type { ServerEntry } from '../config/entry.ts';
import type { ConfigValue } from '../config/value.ts';
import { isObject } from '../config/value.ts';
import type { ConfigFiles } from './config-files.ts';
import type { Environment } from './environment.ts';
import { valuesAtPath } from './key-path.ts';

/** What a user set for an extension: whether it is on, and the values of its `${user_config.…}`. */
export interface ExtensionSettings {
  readonly enabled: boolean | null;
  readonly values: Environment;
}

const UNSET: ExtensionSettings = { enabled: null, values: {} };
const DIRECTORY_NAME = `\${directory}`;
const VALUE_PREFIX = 'user_config.';

/** Reads the settings of the extension that a manifest is in; what is not set there is as the manifest says. */
export function settingsOf(
  manifest: string,
  settings: SettingsOfEntry | undefined,
  files: ConfigFiles,
): ExtensionSettings {
  if (settings === undefined) return UNSET;
  const directory = dirname(manifest);
  const name = settings.path.replace(DIRECTORY_NAME, () => basename(directory));
  const root = files.read(join(directory, name), 'jsonc').document?.root ?? null;
  if (root === null) return UNSET;
  const at = (path: readonly string[]): ConfigValue | undefined => valuesAtPath(root, path)[0]?.value;
  const enabled = at(settings.enabled);
  const values = at(settings.values);
  const texts = isObject(values) ? Object.entries(values) : [];
  return {
    enabled: typeof enabled === 'boolean' ? enabled : null,
    values: Object.fromEntries(
      texts.flatMap(([key, value]) => (typeof value === 'string' ? [[`${VALUE_PREFIX}${key}`, value]] : [])),
    ),
  };
}

/** The entry as the user's settings leave it. */
export function withSettings(entry: ServerEntry, { enabled }: ExtensionSettings): ServerEntry {
  return enabled === null ? entry : { ...entry, disabled: !enabled };
}
