import assert from 'node:assert/strict';
import { stringify as toToml } from 'smol-toml';
import { stringify as toYaml } from 'yaml';
import type {
  Client,
  ConfigLocation,
  Container,
  LocationBase,
  Platform,
} from '../../../inventory/clients/client.ts';
import type { TempHome } from '../temp-home.ts';

/** Where each base lies in the test's home; written down here once more, apart from the code that finds it. */
export const LAYOUT: Readonly<Record<Platform, Readonly<Partial<Record<LocationBase, string>>>>> = {
  linux: {
    home: '.',
    config: '.config',
    data: '.local/share',
    appdata: '.config',
    project: 'work/project',
    system: 'system',
  },
  darwin: {
    home: '.',
    config: '.config',
    data: '.local/share',
    appdata: 'Library/Application Support',
    project: 'work/project',
    system: 'system',
  },
  win32: {
    home: '.',
    config: '.config',
    data: '.local/share',
    appdata: 'AppData/Roaming',
    localappdata: 'AppData/Local',
    project: 'work/project',
    system: 'system',
    programdata: 'system/ProgramData',
  },
};
export const ENTRY = { name: 'probe', command: 'true' };
type Document = Record<string, unknown>;

/** A path that a pattern stands for. */
export function exampleOf(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment === '**' ? 'some/where' : segment.replaceAll('*', 'any')))
    .join('/');
}

/** Writes a file with one server in the first container of the location. */
export function writeProbe(
  home: TempHome,
  file: string,
  { format, containers }: ConfigLocation,
  entry: Document = ENTRY,
): void {
  const [container] = containers;
  const write = WRITERS[format];
  assert.ok(container !== undefined && write !== undefined, `${file} as ${format}`);
  home.write(file, write(documentFor(container, entry)));
}

/** A file of each place that holds servers. */
export function filesOf(client: Client, platform: Platform): ReadonlyMap<string, ConfigLocation> {
  const files = new Map<string, ConfigLocation>();
  for (const location of [...client.locations, ...(client.sharedLocations ?? [])]) {
    const base = LAYOUT[platform][location.base];
    const isHere = location.platforms?.includes(platform) ?? true;
    if (base === undefined || !isHere || location.containers.length === 0) continue;
    if (location.embedded !== undefined || location.format === 'plist') continue;
    const path = exampleOf(location.path);
    const file = base === '.' ? path : `${base}/${path}`;
    if (!files.has(file)) files.set(file, location);
  }
  return files;
}

function documentFor({ path, kind }: Container, entry: Document): Document {
  const inner = kind === 'single' ? entry : path.at(-1) === 'plugins' ? [entry] : { probe: entry };
  const named = path.map((key) => (key === '*' ? '/nowhere' : key));
  const document = named.reduceRight<unknown>((value, key) => ({ [key]: value }), inner);
  assert.ok(typeof document === 'object' && document !== null);
  return { ...document, ...(kind === 'single' ? { name: 'probe' } : {}) };
}

export const WRITERS: Readonly<Record<string, (document: Document) => string>> = {
  jsonc: (document) => JSON.stringify(document),
  toml: toToml,
  yaml: (document) => toYaml(document),
};
