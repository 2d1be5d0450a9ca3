import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readRegular, sha256Hex } from '../../inventory/index.ts';
import { DATABASE_FILE } from '../state/database.ts';
import { HOST_RELEASE_KEY } from './release-key.ts';

/** What a file of the agent's own is to it. */
export type OwnPart = 'config' | 'unit' | 'trust' | 'state';

/** A file or directory that decides how the agent works, and that the agent does not write. */
export interface OwnPlace {
  readonly part: OwnPart;
  readonly path: string;
  /**
   * `file`; `directory`: the files in it, which need not exist yet; `identity`: which file it is and whose, but not its content, which
   * the agent writes.
   */
  readonly kind: 'file' | 'directory' | 'identity';
  /** A package puts it there, and may replace it with a new release. */
  readonly isPackaged: boolean;
}

/** A file that is not as it was. */
export interface OwnChange {
  readonly path: string;
  readonly part: OwnPart;
  readonly change: 'added' | 'changed' | 'removed';
  readonly isPackaged: boolean;
}

interface Sight {
  readonly place: OwnPlace;
  readonly stamp: string;
}

const MAX_FILE_BYTES = 1024 * 1024;
/** Files of one directory that are looked at. */
const MAX_FILES = 1_000;
/** Units of the agent's package. */
const UNITS = [
  'sealwatch-agent.service',
  'sealwatch-sensor.service',
  'sealwatch-sensor.socket',
  'sealwatch-enrolment.path',
  'sealwatch-enrolment.service',
] as const;

/** The agent's property list for launchd, on macOS. */
const LAUNCH_DAEMON = '/Library/LaunchDaemons/dev.sealwatch.agent.plist';
/** Where systemd looks for units, the strongest first (systemd.unit(5)). */
const UNIT_DIRECTORIES = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system'] as const;
/** Where packages put units on hosts whose `/lib` is no link to `/usr/lib`. */
const OLD_UNIT_DIRECTORY = '/lib/systemd/system';

/** Where units of this host may lie; nowhere without systemd. */
export function unitDirectories(): readonly string[] {
  if (process.platform !== 'linux') return [];
  const isMerged = lstatSync('/lib', { throwIfNoEntry: false })?.isDirectory() !== true;
  return isMerged ? UNIT_DIRECTORIES : [...UNIT_DIRECTORIES, OLD_UNIT_DIRECTORY];
}

/** Units in a directory and what may be dropped in beside them. */
function unitPlaces(directory: string): readonly OwnPlace[] {
  const isPackaged = directory.endsWith('/lib/systemd/system');
  return UNITS.flatMap((unit) => [
    { part: 'unit', path: join(directory, unit), kind: 'file', isPackaged } as const,
    { part: 'unit', path: join(directory, `${unit}.d`), kind: 'directory', isPackaged } as const,
  ]);
}

/** What decides how an agent works, beside its installation. `config` is its config file; null for none. */
export function ownPlaces(
  config: string | null,
  systemTrust: string | null,
  stateDir: string,
  units: readonly string[],
): readonly OwnPlace[] {
  const place = (part: OwnPart, kind: OwnPlace['kind'], ...parts: readonly [string, ...string[]]) => ({
    ...{ part, kind, path: join(...parts), isPackaged: false },
  });
  return [
    ...(config === null
      ? []
      : [place('config', 'file', config), place('config', 'directory', dirname(config), 'agent.d')]),
    // Of a trust root itself `mcp_trust_root_changed` tells.
    ...(systemTrust === null ? [] : [place('trust', 'file', systemTrust, 'policy.json')]),
    place('trust', 'file', HOST_RELEASE_KEY),
    place('state', 'identity', stateDir),
    place('state', 'identity', stateDir, DATABASE_FILE),
    ...units.flatMap(unitPlaces),
    ...(process.platform === 'darwin' ? [{ ...place('unit', 'file', LAUNCH_DAEMON), isPackaged: true }] : []),
  ];
}

/** Tells which of some files are not as they were at the look before. */
export class OwnFiles {
  readonly #places: readonly OwnPlace[];
  #before: ReadonlyMap<string, Sight>;

  /** Takes the first look. */
  constructor(places: readonly OwnPlace[]) {
    this.#places = places;
    this.#before = this.#look();
  }

  /** Files and directories to watch. */
  get watch(): { readonly files: readonly string[]; readonly trees: readonly string[] } {
    const of = (kind: OwnPlace['kind']) =>
      this.#places.filter((place) => place.kind === kind).map(({ path }) => path);
    return { files: of('file'), trees: of('directory') };
  }

  /** Whether a change of this path may be one of these files; what the agent writes itself changes all the time. */
  concerns(path: string): boolean {
    return this.#places.some(
      (place) => place.kind !== 'identity' && (place.path === path || dirname(path) === place.path),
    );
  }

  /** What differs since the last call. */
  changes(): readonly OwnChange[] {
    const before = this.#before;
    const after = this.#look();
    this.#before = after;
    const changes: OwnChange[] = [];
    for (const path of new Set([...before.keys(), ...after.keys()])) {
      const [old, fresh] = [before.get(path), after.get(path)];
      const sight = fresh ?? old;
      if (sight === undefined || old?.stamp === fresh?.stamp) continue;
      const change = old === undefined ? 'added' : fresh === undefined ? 'removed' : 'changed';
      const { part, isPackaged } = sight.place;
      changes.push({ path, part, change, isPackaged });
    }
    return changes;
  }

  #look(): ReadonlyMap<string, Sight> {
    const sights = new Map<string, Sight>();
    const see = (place: OwnPlace, path: string) => {
      const stamp = stampOf(path, place.kind);
      if (stamp !== null) sights.set(path, { place, stamp });
    };
    for (const place of this.#places) {
      see(place, place.path);
      if (place.kind !== 'directory') continue;
      for (const name of namesIn(place.path)) see(place, join(place.path, name));
    }
    return sights;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort().slice(0, MAX_FILES);
  } catch {
    return [];
  }
}

/** What a path is: whose, with which rights, and its content by digest; null where nothing is there. */
function stampOf(path: string, kind: OwnPlace['kind']): string | null {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    const rights = `${stat.uid}:${stat.gid}:${stat.mode}`;
    if (kind === 'identity') return `${rights}:${stat.dev}:${stat.ino}`;
    if (stat.isSymbolicLink()) return `${rights}:${readlinkSync(path)}`;
    if (!stat.isFile()) return rights;
    const content = readRegular(path, MAX_FILE_BYTES);
    return `${rights}:${content === null ? `${stat.size}:${stat.mtimeMs}` : sha256Hex(content)}`;
  } catch {
    return 'unreadable';
  }
}
