import type { Scope } from '../../wire/index.ts';
import type { ConfigFormat } from '../config/document.ts';

export type Platform = 'linux' | 'darwin' | 'win32';

/**
 * Where a relative path starts. `config` is the XDG config directory, `appdata` the directory in which
 * desktop programs keep theirs (macOS: Application Support, Windows: AppData\Roaming), `project` the
 * root of a project, `system` the root of the file system.
 */
export type LocationBase = 'home' | 'config' | 'appdata' | 'localappdata' | 'project' | 'system';

/**
 * The key path of a server map, e.g. `['mcp', 'servers']`. A `*` stands for any key; the key it matched is
 * the project of the entries below. `kind: 'single'` is one entry, `'flat'` a document that is the map.
 */
export interface Container {
  readonly path: readonly string[];
  readonly kind?: 'map' | 'single' | 'flat';
}

export interface ConfigLocation {
  readonly scope: Scope;
  readonly base: LocationBase;
  /** Relative to the base, `/` between segments; a `*` inside a segment stands for any characters. */
  readonly path: string;
  /** A variable of the user's environment that moves it: `path` is then relative to its value. */
  readonly movedBy?: { readonly variable: string; readonly path: string };
  /** All platforms where absent. */
  readonly platforms?: readonly Platform[];
  readonly format: ConfigFormat;
  readonly containers: readonly Container[];
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

/** One MCP client, as data. */
export interface Client {
  readonly id: string;
  readonly title: string;
  /** Names that the same file format is known by elsewhere. */
  readonly aliases?: readonly string[];
  /** Base names of its executables, as a process shows them. */
  readonly processes: readonly string[];
  readonly locations: readonly ConfigLocation[];
  readonly projectRecords?: readonly ProjectRecord[];
  /** Transport of an entry that only has this url key, where it is not `http`. */
  readonly urlTransports?: Readonly<Record<string, 'http' | 'sse'>>;
}

/** The two containers that nearly every client reads. */
export const MCP_SERVERS: readonly Container[] = [{ path: ['mcpServers'] }];
