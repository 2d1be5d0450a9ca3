import { dirname, join } from 'node:path';
import type { LocationBase, Place, Platform } from '../clients/client.ts';
import type { HostUser } from '../users.ts';
import { type Environment, pathInVariable, variableOf } from './environment.ts';
import type { DirectoryListings } from './listings.ts';
import { isPattern, type Match, matchPattern } from './pattern.ts';

/** What a place means for one user, and in one project. */
export interface PlaceContext {
  readonly platform: Platform;
  /** Environments that the user's clients may have; each may move a place. */
  readonly environments: readonly Environment[];
  readonly systemRoot: string;
  readonly user: HostUser | null;
  readonly project: string | null;
  readonly listings: DirectoryListings;
}

/** The files of a place. */
export interface PlacedFiles {
  /** What exists, each once. */
  readonly found: readonly string[];
  /** What exists under another spelling and is not read on a disk that tells them apart. */
  readonly variants: readonly string[];
  /** Every path that has no `*`, existing or not. */
  readonly fixed: readonly string[];
  /** Directories in which new matches would appear, existing or not. */
  readonly trees: readonly string[];
  /** Directories of which not everything was looked at. */
  readonly truncated: readonly string[];
}

/** Where a pattern begins. */
interface Start {
  readonly directory: string;
  readonly pattern: string;
  /** Whether spellings that differ in case are looked for, be it to read or to report them. */
  readonly fold: boolean;
  /** Whether the directory in which new matches would appear is watched. */
  readonly watched: boolean;
}

const NONE: readonly string[] = [];
const ABSENT: PlacedFiles = { found: NONE, variants: NONE, fixed: NONE, trees: NONE, truncated: NONE };

/** Finds the files of a place in every directory that its base may stand for. */
export function locate(place: Place, context: PlaceContext): PlacedFiles {
  const all = startsOf(place, context).map((start) => locateFrom(start, context));
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  const merged = (pick: (placed: PlacedFiles) => readonly string[]) => [...new Set(all.flatMap(pick))];
  return {
    found: merged(({ found }) => found),
    variants: merged(({ variants }) => variants),
    fixed: merged(({ fixed }) => fixed),
    trees: merged(({ trees }) => trees),
    truncated: merged(({ truncated }) => truncated),
  };
}

/**
 * What a place of a project amounts to where the first directory of its path is not there, in any spelling:
 * only what has to be watched. Null where that cannot be told from its first directory alone.
 */
export function absentFrom(place: Place, project: string, listings: DirectoryListings): PlacedFiles | null {
  if (place.ancestors === true || place.movedBy !== undefined) return null;
  const slash = place.path.indexOf('/');
  const first = slash === -1 ? place.path : place.path.slice(0, slash);
  if (isPattern(first) || listings.named(project, first, true).length > 0) return null;
  if (!isPattern(place.path)) return { ...ABSENT, fixed: [`${project}/${place.path}`] };
  const tree = place.watched === false ? null : treeOf(project, place.path);
  return tree === null ? ABSENT : { ...ABSENT, trees: [tree] };
}

function locateFrom(
  { directory, pattern, fold, watched: isWatched }: Start,
  { platform, listings }: PlaceContext,
): PlacedFiles {
  const isFixed = !isPattern(pattern);
  const tree = isFixed || !isWatched ? null : treeOf(directory, pattern);
  const watched = {
    fixed: isFixed ? [join(directory, pattern)] : NONE,
    trees: tree === null ? NONE : [tree],
  };
  const { matches, truncated } = matchPattern(directory, pattern, fold, listings);
  if (matches.length === 0) return { ...watched, found: NONE, variants: NONE, truncated };
  const isRead = ({ exact }: Match) => exact || platform !== 'linux';
  return {
    ...watched,
    found: matches.filter(isRead).map(({ path }) => path),
    variants: matches.filter((match) => !isRead(match)).map(({ path }) => path),
    truncated,
  };
}

/**
 * The directory in which a pattern's new matches would appear; null where it is a base or a client's whole
 * own directory, which are written to all the time.
 */
function treeOf(directory: string, pattern: string): string | null {
  const fixed = pattern.slice(0, Math.max(0, pattern.lastIndexOf('/', pattern.indexOf('*'))));
  return fixed.includes('/') ? join(directory, fixed) : null;
}

function startsOf(place: Place, context: PlaceContext): readonly Start[] {
  const { platform, environments, systemRoot, project } = context;
  if (place.platforms !== undefined && !place.platforms.includes(platform)) return [];
  const ignoresCase = platform !== 'linux';
  const starts: Start[] = [];
  const watched = place.watched !== false;
  for (const directory of baseDirectories(place.base, context)) {
    starts.push({ directory, pattern: place.path, fold: ignoresCase || directory === project, watched });
    if (place.ancestors !== true) continue;
    for (const above of directoriesAbove(directory))
      starts.push({ directory: above, pattern: place.path, fold: ignoresCase, watched });
  }
  for (const { variable, path } of place.movedBy ?? []) {
    for (const env of environments) {
      for (const value of valuesOf(variableOf(env, variable, platform), platform)) {
        const target = pathInVariable(value, platform, systemRoot);
        if (target !== null) starts.push({ directory: target, pattern: path, fold: ignoresCase, watched });
      }
    }
  }
  return starts;
}

/** A variable may list several directories, as PATH does; the whole text may be one, too. */
function valuesOf(value: string | undefined, platform: Platform): readonly string[] {
  if (value === undefined) return [];
  return [...new Set([value, ...value.split(platform === 'win32' ? ';' : ':')])];
}

function directoriesAbove(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...directoriesAbove(above)];
}

/**
 * The directories that a base may stand for: the usual one, and those that the user's environments name
 * instead, because which of them a client was started with is not known.
 */
export function baseDirectories(base: LocationBase, context: PlaceContext): readonly string[] {
  const { user, project, systemRoot } = context;
  if (base === 'project') return project === null ? [] : [project];
  if (base === 'system') return [systemRoot];
  if (base === 'programdata') return movable('ProgramData', join(systemRoot, 'ProgramData'), context);
  if (user === null) return [];
  return homeDirectories(base, user.home, context);
}

function homeDirectories(
  base: 'home' | 'config' | 'data' | 'appdata' | 'localappdata',
  home: string,
  context: PlaceContext,
): readonly string[] {
  const { platform } = context;
  switch (base) {
    case 'home':
      return [home];
    case 'config':
      return movable('XDG_CONFIG_HOME', join(home, '.config'), context);
    case 'data':
      return movable('XDG_DATA_HOME', join(home, '.local', 'share'), context);
    case 'localappdata':
      return movable('LOCALAPPDATA', join(home, 'AppData', 'Local'), context);
    case 'appdata':
      if (platform === 'darwin') return [join(home, 'Library', 'Application Support')];
      if (platform === 'win32') return movable('APPDATA', join(home, 'AppData', 'Roaming'), context);
      return movable('XDG_CONFIG_HOME', join(home, '.config'), context);
  }
}

function movable(variable: string, usual: string, context: PlaceContext): readonly string[] {
  const { platform, systemRoot, environments } = context;
  const moved = environments
    .map((env) => pathInVariable(variableOf(env, variable, platform), platform, systemRoot))
    .filter((path) => path !== null);
  return [...new Set([usual, ...moved])];
}
