import type { ControlKind, Scope } from '../../wire/index.ts';
import type { ConfigFormat } from '../config/document.ts';

export type Platform = 'linux' | 'darwin' | 'win32';

/**
 * Where a relative path starts. `config` and `data` are the XDG config and data directories, `appdata` the
 * directory in which desktop programs keep theirs (macOS: Application Support, Windows: AppData\Roaming),
 * `localappdata` Windows' AppData\Local, `project` the root of a project, `system` the root of the file
 * system (on Windows of the drive), `programdata` Windows' ProgramData.
 */
export type LocationBase =
  | 'home'
  | 'config'
  | 'data'
  | 'appdata'
  | 'localappdata'
  | 'project'
  | 'system'
  | 'programdata';

/**
 * The key path of a server map, e.g. `['mcp', 'servers']`. A `*` stands for any key; the key it matched is
 * the project of the entries below. `kind: 'single'` is one entry, `'flat'` a document that is the map.
 */
export interface Container {
  readonly path: readonly string[];
  readonly kind?: 'map' | 'single' | 'flat';
}

/**
 * A setting that decides what runs or what asks, beside the servers themselves: `hook` runs commands,
 * `trust` answers for the user, `filter` says which servers or tools may be used, `import` loads the
 * servers of other clients, `plugin` says which plugins are on.
 */
export interface ControlKey {
  readonly kind: ControlKind;
  /** A `*` stands for any key or index; an empty path is the whole document. */
  readonly path: readonly string[];
}

/** A place in the file system, relative to a base. */
export interface Place {
  readonly scope: Scope;
  readonly base: LocationBase;
  /**
   * Relative to the base, `/` between segments; a `*` inside a segment stands for any characters, a
   * segment `**` for any directories down to MAX_GLOB_DEPTH.
   */
  readonly path: string;
  /** Variables of the user's environment that move it: `path` is then relative to the value; '' is the value. */
  readonly movedBy?: readonly { readonly variable: string; readonly path: string }[];
  /** All platforms where absent. */
  readonly platforms?: readonly Platform[];
  /** For `project`: looked for in every directory above the project, too. */
  readonly ancestors?: boolean;
}

export interface ConfigLocation extends Place {
  readonly format: ConfigFormat;
  /** None where the file holds no servers but only controls. */
  readonly containers: readonly Container[];
  readonly controls?: readonly ControlKey[];
  /** The config is a base64 text at this key of the file, in this format. */
  readonly embedded?: { readonly key: readonly string[]; readonly format: ConfigFormat };
}

/** Files that are a control as a whole: hook scripts, plugins that are code, directories of skills. */
export interface ControlFile extends Place {
  readonly kind: ControlKind;
}

/** A file in which a client notes the projects that were opened with it. */
export interface ProjectRecord {
  readonly base: LocationBase;
  readonly path: string;
  readonly format: ConfigFormat;
  /** Path of the value that names projects: the keys of an object, a string, or a list of strings. */
  readonly key: readonly string[];
  readonly names: 'keys' | 'path' | 'file-uri';
}

/** A SQLite file in which a client notes its projects; each row's first column is one, or holds them as JSON. */
export interface ProjectDatabase {
  readonly base: LocationBase;
  readonly path: string;
  readonly format: 'sqlite';
  readonly query: string;
  /** `json-uris`: every `file://` text anywhere inside a JSON value. */
  readonly names: 'path' | 'file-uri' | 'json-uris';
}

/** One MCP client, as data. */
export interface Client {
  readonly id: string;
  readonly title: string;
  /** Names that the same file format is known by elsewhere. */
  readonly aliases?: readonly string[];
  /** Base names of its executables, as a process shows them. */
  readonly processes: readonly string[];
  readonly locations: readonly ConfigLocation[];
  readonly controlFiles?: readonly ControlFile[];
  readonly projectRecords?: readonly (ProjectRecord | ProjectDatabase)[];
  /** Transport of an entry that only has this url key, where it is not `http`. */
  readonly urlTransports?: Readonly<Record<string, 'http' | 'sse'>>;
}

/** The two containers that nearly every client reads. */
export const MCP_SERVERS: readonly Container[] = [{ path: ['mcpServers'] }];
