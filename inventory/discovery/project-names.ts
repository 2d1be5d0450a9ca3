import { statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProjectDatabase, ProjectRecord } from '../clients/client.ts';
import { type ConfigValue, isList, isObject } from '../config/value.ts';

type NameKind = ProjectRecord['names'] | ProjectDatabase['names'];

/** Levels of a JSON value in which uris are looked for. */
const MAX_URI_DEPTH = 16;

/** The project directories that a recorded value names. */
export function projectsIn(value: ConfigValue | undefined, names: NameKind): readonly string[] {
  if (value === undefined) return [];
  if (names === 'keys') return isObject(value) ? Object.keys(value).filter(isAbsolute) : [];
  if (names === 'json-uris') return textsIn(value, 0).flatMap(pathOfUri);
  const texts = (isList(value) ? value : [value]).filter((item) => typeof item === 'string');
  if (names !== 'path') return texts.flatMap(pathOfUri);
  return texts.flatMap((text) => text.split('\n')).filter(isAbsolute);
}

/** The existing directory that a recorded name stands for: of a file, the one it is in. Null where there is none. */
export function projectDirectory(named: string): string | null {
  if (named.includes('\0')) return null;
  try {
    const stat = statSync(named, { throwIfNoEntry: false });
    const directory = stat?.isFile() === true ? dirname(named) : named;
    const isRoot = directory === dirname(directory);
    return stat !== undefined && (stat.isDirectory() || stat.isFile()) && !isRoot ? directory : null;
  } catch {
    return null;
  }
}

function pathOfUri(uri: string): readonly string[] {
  try {
    return uri.startsWith('file://') ? [resolve(fileURLToPath(uri))] : [];
  } catch {
    // Another host's path, or no path at all: not a directory of this host.
    return [];
  }
}

function textsIn(value: ConfigValue, depth: number): readonly string[] {
  if (typeof value === 'string') return [value];
  if (depth > MAX_URI_DEPTH || typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((child) => textsIn(child, depth + 1));
}
