import { basename, join } from 'node:path';
import type { ArtefactSet } from '../artefacts.ts';
import type { LaunchPlace } from '../launch/expand.ts';
import { isFile, realPathOf } from '../launch/find-executable.ts';
import { listDirectory } from './npm-places.ts';
import { pythonName, readPackageSpec } from './package-spec.ts';
import { type PythonSites, systemSites, type VirtualEnvironment } from './python-sites.ts';
import { PYTHON_STDLIB } from './python-stdlib.ts';
import type { SealedPackages } from './sealed-packages.ts';

/** Where the imports of a Python program are looked for, beside its own directory. */
export interface PythonHome {
  readonly environment: VirtualEnvironment | null;
  /** Directories of PYTHONPATH: a project's own code, followed file by file. */
  readonly own: readonly string[];
  /** Directories of installed packages. */
  readonly sites: readonly string[];
}

const NO_ENVIRONMENTS: readonly string[] = [];

/** Puts Python environments and packages into one closure. */
export class PythonPackages {
  readonly #sites: PythonSites;
  readonly #set: ArtefactSet;
  readonly #place: LaunchPlace;
  readonly #sealed: SealedPackages;

  constructor(set: ArtefactSet, sealed: SealedPackages, place: LaunchPlace, sites: PythonSites) {
    this.#set = set;
    this.#sealed = sealed;
    this.#place = place;
    this.#sites = sites;
  }

  /** The surroundings of an interpreter; its virtual environment is sealed whole. */
  homeOf(interpreter: string | null, cwd: string): PythonHome {
    const named = this.#place.env['VIRTUAL_ENV'];
    const environment =
      interpreter === null
        ? named === undefined
          ? null
          : this.#sites.environmentAt(named)
        : this.#sites.environmentOf(interpreter);
    return this.#homeIn(environment, interpreter, cwd);
  }

  /** The same for an environment in a directory (`.venv` of a project); null where there is none. */
  homeAt(directory: string, cwd: string): PythonHome | null {
    const environment = this.#sites.environmentAt(directory);
    return environment === null ? null : this.#homeIn(environment, null, cwd);
  }

  #homeIn(environment: VirtualEnvironment | null, interpreter: string | null, cwd: string): PythonHome {
    if (environment !== null) this.addEnvironment(environment, basename(environment.directory));
    const path = this.#place.env['PYTHONPATH'] ?? '';
    const own = path
      .split(':')
      .filter((entry) => entry !== '')
      .map((entry) => (entry.startsWith('/') ? entry : join(cwd, entry)));
    const system =
      environment === null || environment.seesSystem
        ? systemSites(interpreter, this.#place)
        : NO_ENVIRONMENTS;
    return { environment, own, sites: [...(environment?.sitePackages ?? []), ...system] };
  }

  /** The settings and every package of an environment, one artefact per `site-packages`. */
  addEnvironment(environment: VirtualEnvironment, label: string): void {
    this.#set.addFile('helper', environment.settings);
    for (const site of environment.sitePackages)
      this.#sealed.add(`${label}/${basename(join(site, '..'))}`, realPathOf(site) ?? site);
    if (environment.sitePackages.length === 0)
      this.#set.addUnresolved(label, 'virtual environment holds no packages');
  }

  /** An imported or started module: sealed where it lies, with what its distribution requires. */
  addModule(module: string, home: PythonHome): boolean {
    const [top = ''] = module.split('.');
    if (!/^\w+$/.test(top)) return false;
    if (PYTHON_STDLIB.has(top)) return true;
    if (this.#sites.find(top, home.sites) === null) return false;
    for (const name of this.#sites.requiredBy(top, home.sites)) {
      const found = this.#sites.find(name, home.sites);
      if (found !== null && home.environment?.sitePackages.includes(found.site) !== true)
        this.#seal(name, found.path);
    }
    return true;
  }

  #seal(name: string, path: string): void {
    if (isFile(path)) this.#set.addFile('helper', path);
    else this.#sealed.add(name, realPathOf(path) ?? path);
  }

  /** A tool as `uvx` and `pipx run` find it: installed, else in the runner's cache. */
  addTool(runner: string, spec: string, additions: readonly string[]): void {
    const { name, pinned, version } = readPackageSpec(spec);
    const tool = pythonName(name);
    if (tool === '' || /^(?:git\+|https?:|\.|\/)/.test(spec)) {
      this.#set.addAbsent(
        spec,
        'python package is no name of an index; it is fetched when the server starts',
      );
      return;
    }
    const matches = (environment: VirtualEnvironment | null): environment is VirtualEnvironment =>
      environment?.sitePackages.some(
        (site) =>
          this.#sites.has(tool, site) &&
          (!pinned || version === null || this.#hasVersion(site, tool, version)),
      ) === true;
    const installed = this.#toolPlaces(tool)
      .map((place) => this.#sites.environmentAt(place))
      .filter(matches);
    const found = installed.length > 0 ? installed : this.#cached(runner).filter(matches);
    for (const environment of found) this.addEnvironment(environment, tool);
    if (found.length === 0)
      this.#set.addAbsent(spec, 'python package is not installed here; it is fetched when the server starts');
    for (const added of additions)
      if (!found.some(({ sitePackages }) => sitePackages.some((site) => this.#sites.has(added, site))))
        this.#set.addAbsent(added, 'added when the server starts; no environment here holds it');
  }

  #hasVersion(site: string, tool: string, version: string): boolean {
    const wanted = version.replace(/^=+/, '');
    return listDirectory(site).some((entry) => {
      const [, name, found] = /^(.+?)-([^-]+)\.(?:dist-info|egg-info)$/.exec(entry) ?? [];
      return name !== undefined && pythonName(name) === tool && found === wanted;
    });
  }

  #toolPlaces(tool: string): readonly string[] {
    const { home, env } = this.#place;
    const data = env['XDG_DATA_HOME'] ?? (home === null ? null : join(home, '.local/share'));
    const roots = [
      env['UV_TOOL_DIR'] ?? null,
      data === null ? null : join(data, 'uv/tools'),
      data === null ? null : join(data, 'pipx/venvs'),
      home === null ? null : join(home, '.local/pipx/venvs'),
    ];
    return roots.flatMap((root) => (root === null ? [] : [join(root, tool)]));
  }

  /** Environments that runners made for one start: uv's archives and pipx's cache. */
  #cached(runner: string): readonly VirtualEnvironment[] {
    const { home, env } = this.#place;
    if (home === null) return [];
    const uv = env['UV_CACHE_DIR'] ?? join(env['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'uv');
    const caches = runner.startsWith('pipx')
      ? [join(home, '.local/pipx/.cache'), join(home, '.cache/pipx'), join(home, '.local/share/pipx/.cache')]
      : [...this.#uvEnvironments(uv), join(uv, 'archive-v0')];
    return caches.flatMap((cache) =>
      listDirectory(cache).flatMap((entry) => this.#sites.environmentAt(join(cache, entry)) ?? []),
    );
  }

  #uvEnvironments(uv: string): readonly string[] {
    return listDirectory(uv)
      .filter((name) => /^environments-v\d+$/.test(name))
      .map((name) => join(uv, name));
  }

  /** The environments that uv made for a script with inline metadata (PEP 723). */
  addScriptEnvironment(script: string): PythonHome {
    const { home, env } = this.#place;
    const stem = basename(script).replace(/\.py$/, '').toLowerCase();
    const uv =
      home === null
        ? null
        : (env['UV_CACHE_DIR'] ?? join(env['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'uv'));
    const found = (uv === null ? [] : this.#uvEnvironments(uv)).flatMap((cache) =>
      listDirectory(cache)
        .filter((entry) => entry.toLowerCase().startsWith(`${stem}-`))
        .flatMap((entry) => this.#sites.environmentAt(join(cache, entry)) ?? []),
    );
    for (const environment of found) this.addEnvironment(environment, stem);
    if (found.length === 0)
      this.#set.addAbsent(
        basename(script),
        'the environment of a script with inline dependencies is not here; it is made when the server starts',
      );
    const sites = found.flatMap(({ sitePackages }) => sitePackages);
    return { environment: found[0] ?? null, own: [], sites };
  }
}
