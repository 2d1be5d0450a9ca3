import { statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { readRegular } from '../../config/read.ts';
import { MAX_CLOSURE_PACKAGES, MAX_MANIFEST_BYTES } from '../../limits.ts';
import { realPathOf } from '../launch/find-executable.ts';
import { isNpmName } from './package-spec.ts';

/** A package directory, by its real path. */
export interface InstalledPackage {
  readonly name: string;
  readonly directory: string;
}

/** What of a package.json decides which code is loaded. */
export interface Manifest {
  readonly name: string | null;
  readonly version: string | null;
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly scripts: Readonly<Record<string, unknown>>;
  readonly imports: Readonly<Record<string, unknown>>;
  readonly exports: unknown;
  readonly main: string | null;
}

/** A package with everything it can load by name. */
export interface PackageClosure {
  /** None lies inside another; sorted by directory. */
  readonly packages: readonly InstalledPackage[];
  /** Names of required packages that are not installed. */
  readonly missing: readonly string[];
  /** True where MAX_CLOSURE_PACKAGES was passed. */
  readonly cut: boolean;
}

/**
 * Installed npm packages as Node finds them (nodejs.org/api/modules.html#all-together, and the real paths
 * that pnpm links to). Remembers what it looked up: one graph serves one scan.
 */
export class PackageGraph {
  readonly #manifests = new Map<string, Manifest | null>();
  readonly #resolved = new Map<string, string | null>();
  readonly #closures = new Map<string, PackageClosure>();
  readonly #globalPlaces = new Map<string, readonly string[]>();

  /** Directories of global packages, looked up once for all that `key` holds. */
  globalPlaces(key: string, find: () => readonly string[]): readonly string[] {
    const known = this.#globalPlaces.get(key);
    if (known !== undefined) return known;
    const found = find();
    this.#globalPlaces.set(key, found);
    return found;
  }

  /** The package.json of a directory; null where there is none that can be read. */
  manifest(directory: string): Manifest | null {
    const known = this.#manifests.get(directory);
    if (known !== undefined) return known;
    const manifest = readManifest(join(directory, 'package.json'));
    this.#manifests.set(directory, manifest);
    return manifest;
  }

  /** The real directory of a package as code in `from` would load it. */
  resolve(name: string, from: string): string | null {
    const key = `${from}\0${name}`;
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    const here = basename(from) === 'node_modules' ? null : directoryAt(join(from, 'node_modules', name));
    const parent = dirname(from);
    const found = here ?? (parent === from ? null : this.resolve(name, parent));
    this.#resolved.set(key, found);
    return found;
  }

  /** A package and, transitively, all that its manifest lets it load and that is installed. */
  closureOf(root: InstalledPackage): PackageClosure {
    const known = this.#closures.get(root.directory);
    if (known !== undefined) return known;
    const found = new Map([[root.directory, root.name]]);
    const missing = new Set<string>();
    let cut = false;
    for (const directory of found.keys()) {
      const manifest = this.manifest(directory);
      const names = [...(manifest?.required ?? []), ...(manifest?.optional ?? [])].filter(isNpmName);
      for (const name of names) {
        const dependency = this.resolve(name, directory);
        if (dependency === null && manifest?.required.includes(name) === true) missing.add(name);
        if (dependency === null || found.has(dependency)) continue;
        if (found.size < MAX_CLOSURE_PACKAGES) found.set(dependency, name);
        else cut = true;
      }
    }
    const closure = { packages: outermost(found), missing: [...missing].sort(), cut };
    this.#closures.set(root.directory, closure);
    return closure;
  }

  /** The nearest directory at or above this one that holds a package.json. */
  scopeOf(directory: string): string | null {
    for (let here = directory; ; here = dirname(here)) {
      if (this.manifest(here) !== null) return here;
      if (here === dirname(here) || basename(here) === 'node_modules') return null;
    }
  }
}

/** The installed package that a file lies in, or null: `…/node_modules/<name>/…`. */
export function packageOf(realPath: string): InstalledPackage | null {
  const marker = `${sep}node_modules${sep}`;
  const at = realPath.lastIndexOf(marker);
  if (at < 0) return null;
  const [first = '', second = ''] = realPath.slice(at + marker.length).split(sep);
  const name = first.startsWith('@') ? `${first}/${second}` : first;
  if (first === '' || first.startsWith('.') || (first.startsWith('@') && second === '')) return null;
  return { name, directory: realPath.slice(0, at + marker.length) + name };
}

/** A name that two copies of a package do not share: where it lies below the outermost node_modules. */
export function packageLabel({ name, directory }: InstalledPackage): string {
  const marker = `${sep}node_modules${sep}`;
  const at = directory.indexOf(marker);
  return at < 0 ? name : directory.slice(at + marker.length);
}

function outermost(found: ReadonlyMap<string, string>): readonly InstalledPackage[] {
  return [...found]
    .filter(([directory]) => !above(directory).some((parent) => found.has(parent)))
    .map(([directory, name]) => ({ name, directory }))
    .sort((a, b) => (a.directory < b.directory ? -1 : 1));
}

/** Every directory above a path, the nearest first. */
export function above(path: string): readonly string[] {
  const all: string[] = [];
  for (let here = dirname(path); here !== dirname(here); here = dirname(here)) all.push(here);
  return all;
}

function directoryAt(path: string): string | null {
  try {
    return statSync(path).isDirectory() ? realPathOf(path) : null;
  } catch {
    return null;
  }
}

function readManifest(path: string): Manifest | null {
  const json = readJson(path);
  if (json === null) return null;
  const dependencies = Object.keys(record(json['dependencies']));
  const optional = Object.keys(record(json['optionalDependencies']));
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    name: text(json['name']),
    version: text(json['version']),
    required: dependencies.filter((name) => !optional.includes(name)),
    optional: [...optional, ...Object.keys(record(json['peerDependencies']))],
    scripts: record(json['scripts']),
    imports: record(json['imports']),
    exports: json['exports'],
    main: text(json['main']),
  };
}

/** A JSON object from a file of at most MAX_MANIFEST_BYTES, or null. */
export function readJson(path: string): Readonly<Record<string, unknown>> | null {
  try {
    const real = realPathOf(path);
    const text = real === null ? null : readRegular(real, MAX_MANIFEST_BYTES)?.toString('utf8');
    if (text === null || text === undefined) return null;
    const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return isRecord(json) ? json : null;
  } catch {
    return null;
  }
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
