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
 * The key path of a server map, e.g. `['mcp', 'servers']`. A `*` stands for any key, which is then the project
 * of the entries below, or for any item of a list. `kind: 'single'` is one entry, `'flat'` a document that is the map.
 */
export interface Container {
  readonly path: readonly string[];
  readonly kind?: 'map' | 'single' | 'flat';
  /** Instead of a map it may be the path of another file, or a list of paths: those are locations of their own. */
  readonly mayBePath?: boolean;
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
  /** False where the client writes all the time around what a pattern matches: new matches wait for a scan. */
  readonly watched?: false;
}

/** A place of which is known for whom it decides. */
export interface ScopedPlace extends Place {
  readonly scope: Scope;
}

/** A file beside an extension's manifest in which its user set it. */
export interface SettingsOfEntry {
  /** Relative to the manifest's directory, whose name `${directory}` stands for. */
  readonly path: string;
  /** Key of a boolean: off means that the server is disabled. */
  readonly enabled: readonly string[];
  /** Key of the values that the manifest names `${user_config.…}`. */
  readonly values: readonly string[];
}

export interface ConfigLocation extends ScopedPlace {
  readonly format: ConfigFormat;
  /** None where the file holds no servers but only controls. */
  readonly containers: readonly Container[];
  readonly controls?: readonly ControlKey[];
  /** The config is a base64 text at this key of the file, in this format. */
  readonly embedded?: { readonly key: readonly string[]; readonly format: ConfigFormat };
  readonly settings?: SettingsOfEntry;
}

/** Files that are a control as a whole: hook scripts, plugins that are code, directories of skills. */
export interface ControlFile extends ScopedPlace {
  readonly kind: ControlKind;
}

/** A file in which a client notes the projects that were opened with it. */
export interface ProjectRecord extends Place {
  readonly format: ConfigFormat;
  /** Path of the value that names projects: the keys of an object, a string, or a list of strings. */
  readonly key: readonly string[];
  /**
   * `json-uris`: every `file://` text anywhere inside the value. A path or URI of a file, e.g. of a
   * `.code-workspace`, stands for the directory that the file is in.
   */
  readonly names: 'keys' | 'path' | 'file-uri' | 'json-uris';
}

/** A SQLite file in which a client notes its projects; each row's first column is one, or holds them as JSON. */
export interface ProjectDatabase extends Place {
  readonly format: 'sqlite';
  readonly query: string;
  /** `path`: one or several, a line each. `json-uris`: every `file://` text anywhere inside a JSON value. */
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
  /**
   * Files of other clients that this one reads, too. They count only where one of `signs` exists, lest every
   * server of the other client is listed once more for programs that are not there.
   */
  readonly sharedLocations?: readonly ConfigLocation[];
  /** Directories that exist where the client is or was used. */
  readonly signs?: readonly Place[];
  readonly controlFiles?: readonly ControlFile[];
  readonly projectRecords?: readonly (ProjectRecord | ProjectDatabase)[];
  /** Encodings it reads, told apart by the byte order mark; UTF-8 alone where absent. */
  readonly encodings?: readonly ('utf-8' | 'utf-16')[];
  /** Transport of an entry that only has this url key, where it is not `http`. */
  readonly urlTransports?: Readonly<Record<string, 'http' | 'sse'>>;
}

/** The container that most clients read. */
export const MCP_SERVERS: readonly Container[] = [{ path: ['mcpServers'] }];
