import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigLocation, LocationBase, Platform } from '../clients/client.ts';
import { MAX_GLOB_MATCHES } from '../limits.ts';
import type { HostUser } from '../users.ts';

/** What a location's base means for one user. */
export interface PlaceContext {
  readonly platform: Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly systemRoot: string;
  readonly user: HostUser | null;
  readonly project: string | null;
}

/** Absolute paths of a location; those with a `*` only where something matches. */
export function pathsOf(location: ConfigLocation, context: PlaceContext): readonly string[] {
  if (location.platforms !== undefined && !location.platforms.includes(context.platform)) return [];
  const base = baseDirectory(location.base, context);
  const paths = base === null ? [] : matchPattern(base, location.path);
  const moved = (location.movedBy ?? []).flatMap(({ variable, path }) => {
    const target = ownEnv(context)[variable];
    return target?.startsWith('/') === true ? matchPattern(target, path) : [];
  });
  return [...paths, ...moved];
}

/**
 * The directory in which a pattern's new matches would appear; null where the path is fixed, the directory
 * is missing, or it is a client's whole own directory, which is written to all the time.
 */
export function patternDirectory(location: ConfigLocation, context: PlaceContext): string | null {
  const fixed = location.path.split('/').slice(
    0,
    location.path.split('/').findIndex((part) => part.includes('*')),
  );
  const base = baseDirectory(location.base, context);
  if (!location.path.includes('*') || base === null || fixed.length < 2) return null;
  const directory = join(base, ...fixed);
  return existsSync(directory) ? directory : null;
}

export function baseDirectory(base: LocationBase, context: PlaceContext): string | null {
  const home = context.user?.home ?? null;
  const bases: Readonly<Record<LocationBase, () => string | null>> = {
    home: () => home,
    config: () => ownEnv(context)['XDG_CONFIG_HOME'] ?? (home === null ? null : join(home, '.config')),
    appdata: () => (home === null ? null : appData(home, context)),
    data: () => ownEnv(context)['XDG_DATA_HOME'] ?? (home === null ? null : join(home, '.local', 'share')),
    programdata: () => join(context.systemRoot, 'ProgramData'),
    localappdata: () => (home === null ? null : join(home, 'AppData', 'Local')),
    project: () => context.project,
    system: () => context.systemRoot,
  };
  return bases[base]();
}

/** Files below a directory by a relative pattern; a `*` matches within one segment. */
export function matchPattern(base: string, pattern: string): readonly string[] {
  return pattern.split('/').reduce<readonly string[]>(
    (paths, segment) => {
      if (!segment.includes('*')) return paths.map((path) => join(path, segment));
      const [before = '', after = ''] = segment.split('*', 2);
      return paths.flatMap((path) =>
        entriesOf(path)
          .filter(
            (name) =>
              name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after),
          )
          .map((name) => join(path, name)),
      );
    },
    [base],
  );
}

function appData(home: string, context: PlaceContext): string {
  if (context.platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (context.platform === 'win32') return join(home, 'AppData', 'Roaming');
  return ownEnv(context)['XDG_CONFIG_HOME'] ?? join(home, '.config');
}

/** The environment belongs to one user; it says nothing about the others' directories. */
function ownEnv({ env, user }: PlaceContext): Readonly<Record<string, string | undefined>> {
  return user !== null && env['HOME'] === user.home ? env : {};
}

function entriesOf(path: string): readonly string[] {
  try {
    return readdirSync(path).sort().slice(0, MAX_GLOB_MATCHES);
  } catch {
    return [];
  }
}
