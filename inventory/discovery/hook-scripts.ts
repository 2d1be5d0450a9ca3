import { dirname } from 'node:path';
import type { ControlKey } from '../clients/client.ts';
import { expandPath, type LaunchPlace } from '../closure/launch/expand.ts';
import { isFile } from '../closure/launch/find-executable.ts';
import { shellCommands } from '../closure/launch/shell-words.ts';
import { type ConfigObject, type ConfigValue, isObject } from '../config/value.ts';
import { MAX_HOOK_SCRIPTS, MAX_HOOK_TEXT_LENGTH } from '../limits.ts';
import { valuesAtPath } from './key-path.ts';

/** The files that hooks of a config name. */
export interface HookScripts {
  /** Those that exist. */
  readonly scripts: readonly string[];
  /** All of them: one that is missing may be made later. */
  readonly watched: readonly string[];
  /** More commands, text or files than are followed. */
  readonly truncated: boolean;
}

/** Keys under which clients take a command. */
const COMMAND_KEYS: ReadonlySet<string> = new Set(['command', 'bash', 'powershell', 'script', 'run', 'exec']);
const MAX_HOOK_DEPTH = 16;
/** The system's own programs change with every update and are not the hook's. */
const SYSTEM_PROGRAM = /^\/(?:usr\/(?!local\/)|bin\/|sbin\/|lib|System\/|nix\/store\/)/;
const LOOKS_LIKE_FILE = /[/\\]|\.\w{1,5}$/;

/** What the hooks of a config run, as far as their commands name files: a script may change while its hook does not. */
export function hookScripts(
  root: ConfigObject,
  keys: readonly ControlKey[],
  place: LaunchPlace,
): HookScripts {
  const hooks = keys.filter(({ kind }) => kind === 'hook');
  const values = hooks.flatMap(({ path }) => valuesAtPath(root, path)).map(({ value }) => value);
  const all = [...new Set(values.flatMap((value) => commandsIn(value, true, 0)))];
  const commands = all.slice(0, MAX_HOOK_SCRIPTS).map((command) => command.slice(0, MAX_HOOK_TEXT_LENGTH));
  const named = [...new Set(commands.flatMap((command) => pathsIn(command, place)))];
  const watched = named.slice(0, MAX_HOOK_SCRIPTS);
  const isLong = all.some((command) => command.length > MAX_HOOK_TEXT_LENGTH);
  const truncated = isLong || commands.length < all.length || watched.length < named.length;
  return { watched, scripts: watched.filter(isFile), truncated };
}

function commandsIn(value: ConfigValue, isCommand: boolean, depth: number): readonly string[] {
  if (typeof value === 'string') return isCommand ? [value] : [];
  if (depth > MAX_HOOK_DEPTH || typeof value !== 'object' || value === null) return [];
  if (!isObject(value)) return value.flatMap((item) => commandsIn(item, isCommand, depth + 1));
  return Object.entries(value).flatMap(([key, child]) => commandsIn(child, COMMAND_KEYS.has(key), depth + 1));
}

function pathsIn(command: string, place: LaunchPlace): readonly string[] {
  const start = place.project ?? place.home ?? place.configDirectory;
  // A plugin's hooks lie one level below its root, for which the variable stands.
  const places = [place, { ...place, configDirectory: dirname(place.configDirectory) }];
  return [...new Set(shellCommands(command).flat())]
    .filter((word) => LOOKS_LIKE_FILE.test(word) && !word.startsWith('-'))
    .flatMap((word) => places.map((each) => expandPath(word, start, each)))
    .filter((path) => path !== null)
    .filter((path) => !SYSTEM_PROGRAM.test(path) && !path.includes('://'));
}
