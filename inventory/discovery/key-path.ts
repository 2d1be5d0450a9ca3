import { type ConfigValue, isList, isObject } from '../config/value.ts';

export interface KeyedValue {
  readonly keys: readonly string[];
  readonly value: ConfigValue;
}

const ANY_KEY = '*';

/** The values at a key path, where a `*` stands for any key or index; keys that are missing name nothing. */
export function valuesAtPath(root: ConfigValue, path: readonly string[]): readonly KeyedValue[] {
  let found: readonly KeyedValue[] = [{ keys: [], value: root }];
  for (const key of path) {
    if (found.length === 0) break;
    found = found.flatMap(({ keys, value }) =>
      childrenAt(value, key).map(([name, child]) => ({ keys: [...keys, name], value: child })),
    );
  }
  return found;
}

function childrenAt(value: ConfigValue, key: string): readonly (readonly [string, ConfigValue])[] {
  if (!isObject(value) && !isList(value)) return [];
  if (key === ANY_KEY) return Object.entries(value);
  const child = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return child === undefined ? [] : [[key, child]];
}
