import { isAbsolute } from 'node:path';
import type { Finding, Severity } from '../../wire/index.ts';
import { matchLauncher } from '../closure/launch/launcher.ts';
import { LOADER_EFFECTS, type LoaderEffect } from './loader-variables.ts';
import { finding, type Posture } from './posture.ts';

/** Options in these variables that load code or open a debugger; others (memory, warnings) are harmless. */
const LOADING_OPTIONS: Readonly<Record<string, RegExp>> = {
  NODE_OPTIONS:
    /(?:^|\s)(?:-r|--require|--import|--loader|--experimental-loader|--env-file|--openssl-config|--inspect(?:-brk|-wait)?)(?:[=\s]|$)/,
  BUN_OPTIONS: /(?:^|\s)(?:-r|--require|--import|--preload|--inspect(?:-brk|-wait)?)(?:[=\s]|$)/,
  PERL5OPT: /(?:^|\s)-[A-Za-z]*[MmId]/,
  RUBYOPT: /(?:^|\s)-(?:r|I)/,
  JAVA_TOOL_OPTIONS: /-(?:javaagent|agentlib|agentpath|Xbootclasspath)|-XX:OnError/,
};
const JAVA_NAMES: ReadonlySet<string> = new Set(['JDK_JAVA_OPTIONS', '_JAVA_OPTIONS']);
/** Directories in which everyone may put files. */
const SHARED_DIRECTORY = /^(?:\/tmp|\/var\/tmp|\/dev\/shm)(?:\/|$)/;
const PATH_LIKE = /^(?:[./~$]|[A-Za-z]:[\\/])/;
const ENTRY_SEVERITY: Readonly<Record<LoaderEffect, Severity>> = {
  code: 'high',
  options: 'high',
  path: 'low',
  command: 'low',
};
const INHERITED_SEVERITY: Readonly<Record<LoaderEffect, Severity>> = {
  code: 'medium',
  options: 'medium',
  path: 'informational',
  command: 'informational',
};

/** Loader variables that the entry sets, and those that the client would hand on. */
export function loaderVariables(posture: Posture): readonly Finding[] {
  const { entry, inherited, writersOf, user } = posture;
  const own: Readonly<Record<string, string | undefined>> = { ...entry.env, ...prefixAssignments(posture) };
  const isOpen = (directory: string) => writersOf(directory).some((writer) => writer !== user);
  const found = Object.keys(LOADER_EFFECTS).flatMap((name) => {
    const set = effective(name, own[name]);
    if (set !== null) {
      const opened =
        LOADER_EFFECTS[name] === 'path' && own[name]?.split(':').some((place) => opens(place, isOpen));
      const message = `the config sets ${name}, which ${set.what}${opened ? ', in a directory that others can write' : ''}`;
      return [finding('mcp_loader_variable', message, opened ? 'high' : ENTRY_SEVERITY[set.effect])];
    }
    if (entry.command === null || Object.hasOwn(own, name)) return [];
    const handed = effective(name, inherited[name]);
    if (handed === null) return [];
    const message = `the environment of this user has ${name}, which ${handed.what}; the server inherits it`;
    return [finding('mcp_loader_variable', message, INHERITED_SEVERITY[handed.effect])];
  });
  return found;
}

/** `env NODE_OPTIONS=… node x.js`: assignments before the command. */
function prefixAssignments({ entry }: Posture): Readonly<Record<string, string>> {
  if (entry.command === null || matchLauncher(entry.command, entry.args).launcher !== 'env') return {};
  const set: Record<string, string> = Object.create(null);
  for (const arg of entry.args) {
    if (arg.startsWith('-')) continue;
    const [, name, value = ''] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(arg) ?? [];
    if (name === undefined) break;
    set[name] = value;
  }
  return set;
}

function effective(
  name: string,
  value: string | undefined,
): { readonly effect: LoaderEffect; readonly what: string } | null {
  const effect = LOADER_EFFECTS[name];
  if (effect === undefined || value === undefined || value.trim() === '') return null;
  if (effect === 'options') {
    const pattern = LOADING_OPTIONS[JAVA_NAMES.has(name) ? 'JAVA_TOOL_OPTIONS' : name];
    return pattern?.test(value) === true ? { effect, what: 'loads other code or opens a debugger' } : null;
  }
  // Many programs read ENV as the name of their stage (`production`); a shell reads it as a file.
  if (name === 'ENV' && !PATH_LIKE.test(value)) return null;
  if (effect === 'code') return { effect, what: 'names code that runs first' };
  return {
    effect,
    what: effect === 'path' ? 'names directories that are searched first' : 'is a command that runs',
  };
}

function opens(place: string, isOpen: (directory: string) => boolean): boolean {
  return SHARED_DIRECTORY.test(place) || (isAbsolute(place) && isOpen(place));
}
