import { isAbsolute, join, resolve } from 'node:path';

/** What the variables of a config stand for. */
export interface LaunchPlace {
  readonly home: string | null;
  readonly project: string | null;
  /** Directory of the config file: extensions call it `${__dirname}`. */
  readonly configDirectory: string;
  /** The server's environment: what the config sets, above what the client has. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where engines and system packages are looked for; `/` unless a test sets it. */
  readonly systemRoot?: string;
  /** Of the host whose config this is. */
  readonly platform?: NodeJS.Platform;
}

const REFERENCE = /\$\{([^}]{1,200})\}|\$([A-Za-z_]\w*)/g;
const PROJECT_NAMES: ReadonlySet<string> = new Set([
  'workspaceFolder',
  'workspaceRoot',
  'CLAUDE_PROJECT_DIR',
  'PWD',
]);
const CONFIG_DIRECTORY_NAMES: ReadonlySet<string> = new Set([
  '__dirname',
  'CLAUDE_PLUGIN_ROOT',
  'extensionPath',
]);

/** A text with its variables replaced, or null where one of them is not known. */
export function expandText(text: string, place: LaunchPlace): string | null {
  let unknown = false;
  const home = place.home;
  const rooted = home !== null && (text === '~' || text.startsWith('~/')) ? home + text.slice(1) : text;
  const expanded = rooted.replace(REFERENCE, (_, braced?: string, bare?: string) => {
    const value = lookUp(braced ?? bare ?? '', place);
    unknown ||= value === null;
    return value ?? '';
  });
  return unknown ? null : expanded;
}

/** An absolute path for a config's text, or null where it depends on something unknown. */
export function expandPath(text: string, directory: string, place: LaunchPlace): string | null {
  const expanded = expandText(text.startsWith('file://') ? text.slice('file://'.length) : text, place);
  if (expanded === null || expanded === '' || expanded.includes('\0')) return null;
  return isAbsolute(expanded) ? resolve(expanded) : join(directory, expanded);
}

function lookUp(expression: string, place: LaunchPlace): string | null {
  const [, name = '', fallback = null] = /^(?:env:)?([^:]*)(?::-?([\s\S]*))?$/.exec(expression) ?? [];
  if (PROJECT_NAMES.has(name)) return place.project;
  if (CONFIG_DIRECTORY_NAMES.has(name)) return place.configDirectory;
  if (name === 'HOME' || name === 'userHome') return place.home;
  return (Object.hasOwn(place.env, name) ? place.env[name] : undefined) ?? fallback;
}
