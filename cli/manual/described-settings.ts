import type { DocRow } from './doc-tables.ts';
import type { Setting } from './settings.ts';

/** A setting with what the documentation says of it. */
export interface DescribedSetting extends Setting {
  readonly words: string;
  readonly fallbackWords: string;
}

/**
 * Joins settings with their rows. Groups may do without one.
 * @throws {Error} that names every setting without a row, and every row without a setting or with a twin
 */
export function described(
  settings: readonly Setting[],
  rows: readonly DocRow[],
): readonly DescribedSetting[] {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const keys = new Set(settings.map(({ key }) => key));
  const faults = [
    ...settings
      .filter(({ key, isGroup }) => !isGroup && !byKey.has(key))
      .map(({ key }) => `${key} is a setting that the documentation does not describe`),
    ...rows.filter(({ key }) => !keys.has(key)).map(({ key }) => `${key} is described and is no setting`),
    ...rows
      .filter((row) => byKey.get(row.key) !== row)
      .map(({ key }) => `${key} is described more than once`),
    ...rows.filter(({ words }) => words === '').map(({ key }) => `${key} has no words`),
  ];
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return settings.flatMap((setting) => {
    const row = byKey.get(setting.key);
    return row === undefined ? [] : [{ ...setting, words: row.words, fallbackWords: row.fallback }];
  });
}
