import { join } from 'node:path';
import { MAX_CLOSURE_PACKAGES } from '../../limits.ts';
import type { ArtefactSet } from '../artefacts.ts';
import type { LaunchPlace } from '../launch/expand.ts';
import { findExecutable, realPathOf } from '../launch/find-executable.ts';
import { globalModules, listDirectory, npxCache, npxKey, runnerCaches } from './npm-places.ts';
import { type InstalledPackage, type PackageGraph, packageLabel } from './package-graph.ts';
import { isNpmName, type PackageSpec, readPackageSpec } from './package-spec.ts';
import type { SealedPackages } from './sealed-packages.ts';

export const NOT_INSTALLED = 'package is not installed here; it is fetched when the server starts';

/** Puts npm packages into one closure, each with all that it can load. */
export class NpmPackages {
  readonly graph: PackageGraph;
  readonly #set: ArtefactSet;
  readonly #place: LaunchPlace;
  readonly #path: string;
  readonly #sealed: SealedPackages;

  constructor(
    set: ArtefactSet,
    sealed: SealedPackages,
    place: LaunchPlace,
    path: string,
    graph: PackageGraph,
  ) {
    this.#set = set;
    this.#sealed = sealed;
    this.#place = place;
    this.#path = path;
    this.graph = graph;
  }

  /** A package with its transitive dependencies. */
  addWithDependencies(root: InstalledPackage): void {
    const closure = this.graph.closureOf(root);
    for (const found of closure.packages) this.#sealed.add(packageLabel(found), found.directory);
    for (const name of closure.missing) {
      this.#set.addAbsent(name, 'a package requires this one, which is not installed');
    }
    if (closure.cut)
      this.#set.addUnresolved(root.name, `depends on more than ${MAX_CLOSURE_PACKAGES} packages`);
  }

  /** What an import of a bare name in `from` loads; false where it is not installed. */
  addImported(name: string, from: string): boolean {
    const directory = this.graph.resolve(name, from);
    if (directory === null) return false;
    this.addWithDependencies({ name, directory });
    return true;
  }

  /** What a package runner starts: of the project, installed globally, or of the runner's cache. */
  addRun(runner: string, spec: string, all: readonly string[], cwd: string): void {
    const parsed = readPackageSpec(spec);
    this.#addNode(cwd);
    if (!isNpmName(parsed.name)) {
      this.#set.addAbsent(spec, 'package is no name of a registry; it is fetched when the server starts');
      return;
    }
    const installed = this.#installed(runner, parsed, cwd);
    if (installed !== null) {
      this.addWithDependencies(installed);
      return;
    }
    if (runner === 'npx' || runner.startsWith('npm ')) this.#addFromNpx(spec, parsed, all);
    else if (runner === 'pnpm exec' || runner === 'yarn exec')
      this.#set.addAbsent(spec, 'command is not installed in the project');
    else this.#addFromCache(runner, spec, parsed);
  }

  #installed(runner: string, { name, version, pinned }: PackageSpec, cwd: string): InstalledPackage | null {
    if (/^(?:pnpm dlx|pnpx|yarn dlx)$/.test(runner)) return null;
    const matches = (directory: string | null): directory is string =>
      directory !== null && (!pinned || this.graph.manifest(directory)?.version === version);
    const near = [cwd, this.#place.project].filter((directory) => directory !== null);
    for (const directory of new Set(near)) {
      const found = this.graph.resolve(name, directory);
      this.#set.files.add(join(directory, 'node_modules', name, 'package.json'));
      if (matches(found)) return { name, directory: found };
    }
    for (const modules of this.#globalModules(cwd)) {
      const found = realPathOf(join(modules, name));
      if (this.graph.manifest(found ?? '') !== null && matches(found)) return { name, directory: found };
    }
    return null;
  }

  #globalModules(cwd: string): readonly string[] {
    const { home, env } = this.#place;
    const prefix = env['npm_config_prefix'] ?? env['NPM_CONFIG_PREFIX'] ?? '';
    // A relative PATH entry counts from the working directory; the others are the same for every server.
    const start = this.#path.split(':').every((entry) => entry.startsWith('/')) ? '' : cwd;
    const key = [this.#path, start, prefix, home ?? ''].join('\0');
    return this.graph.globalPlaces(key, () => globalModules(this.#place, this.#path, cwd));
  }

  /**
   * `_npx/<key>` holds the package and all that was installed for it: it is one artefact. An entry of
   * another key counts where the version is exact, since the same was installed for another request.
   */
  #addFromNpx(spec: string, parsed: PackageSpec, all: readonly string[]): void {
    const cache = npxCache(this.#place);
    if (cache === null) {
      this.#set.addAbsent(spec, NOT_INSTALLED);
      return;
    }
    const exact = join(cache, npxKey(all.length > 0 ? all : [spec]));
    this.#set.files.add(join(exact, 'package.json'));
    if (this.#holds(exact, parsed)) {
      this.#sealed.add(parsed.name, realPathOf(exact) ?? exact);
      return;
    }
    const others = parsed.pinned
      ? listDirectory(cache)
          .map((entry) => join(cache, entry))
          .filter((entry) => this.#holds(entry, parsed))
      : [];
    for (const entry of others) this.#sealed.add(parsed.name, realPathOf(entry) ?? entry);
    if (others.length === 0) this.#set.addAbsent(spec, NOT_INSTALLED);
  }

  #addFromCache(runner: string, spec: string, parsed: PackageSpec): void {
    const entries = runnerCaches(runner, parsed.name, this.#place).filter((entry) =>
      this.#holds(entry, parsed),
    );
    for (const entry of entries) this.#sealed.add(parsed.name, realPathOf(entry) ?? entry);
    if (entries.length > 0) return;
    const reason = runner.startsWith('yarn')
      ? 'yarn fetches it into a directory of its own at every start'
      : NOT_INSTALLED;
    this.#set.addAbsent(spec, reason);
  }

  #holds(entry: string, { name, version, pinned }: PackageSpec): boolean {
    const manifest = this.graph.manifest(join(entry, 'node_modules', name));
    return manifest !== null && (!pinned || manifest.version === version);
  }

  #addNode(cwd: string): void {
    const node = findExecutable('node', this.#path, cwd);
    if (node !== null) this.#set.addFile('interpreter', node);
  }
}
