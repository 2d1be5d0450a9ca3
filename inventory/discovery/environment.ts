import { isAbsolute, join, resolve, sep } from 'node:path';
import type { Platform } from '../clients/client.ts';

/** Variables of one process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

const WINDOWS_PATH = /^[A-Za-z]:[\\/]/;

/** A variable; Windows ignores the case of its name. */
export function variableOf(env: Environment, name: string, platform: Platform): string | undefined {
  if (platform !== 'win32' || env[name] !== undefined) return env[name];
  const wanted = name.toLowerCase();
  return Object.entries(env).find(([key]) => key.toLowerCase() === wanted)?.[1];
}

/**
 * The absolute path that a variable's value names, or null. A Windows path read on another system lies
 * below `systemRoot`, which stands for its drive.
 */
export function pathInVariable(
  value: string | undefined,
  platform: Platform,
  systemRoot: string,
): string | null {
  if (value === undefined || value.includes('\0')) return null;
  if (platform === 'win32' && sep === '/' && WINDOWS_PATH.test(value))
    return join(systemRoot, value.slice(2).replaceAll('\\', '/'));
  return isAbsolute(value) ? value : null;
}

/** True where an environment is that of the user with this home; it says nothing about the others' directories. */
export function belongsTo(env: Environment, home: string, platform: Platform, systemRoot: string): boolean {
  if (platform !== 'win32') return env['HOME'] !== undefined && resolve(env['HOME']) === home;
  return ['USERPROFILE', 'HOME'].some((name) => {
    const path = pathInVariable(variableOf(env, name, platform), platform, systemRoot);
    return path !== null && path.toLowerCase() === home.toLowerCase();
  });
}
