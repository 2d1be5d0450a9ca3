import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readRegular } from '../../config/read.ts';
import { MAX_CLOSURE_PACKAGES, MAX_MANIFEST_BYTES } from '../../limits.ts';
import type { LaunchPlace } from '../launch/expand.ts';
import { isFile, realPathOf } from '../launch/find-executable.ts';
import { listDirectory } from './npm-places.ts';
import { pythonName } from './package-spec.ts';

/** A virtual environment (PEP 405): where its settings and its packages lie. */
export interface VirtualEnvironment {
  readonly directory: string;
  readonly settings: string;
  readonly sitePackages: readonly string[];
  /** Also looks where the interpreter below it keeps its packages. */
  readonly seesSystem: boolean;
}

/** One installed distribution: what it brings and what it asks for. */
interface Distribution {
  readonly modules: readonly string[];
  readonly requires: readonly string[];
}

const PYTHON_DIRECTORY = /^(?:python|pypy)3?(?:\.\d+)?t?$/;

/** Directories of Python packages, remembered for one scan. */
export class PythonSites {
  readonly #environments = new Map<string, VirtualEnvironment | null>();
  readonly #distributions = new Map<string, ReadonlyMap<string, Distribution>>();

  /** The virtual environment in a directory, or null. */
  environmentAt(directory: string): VirtualEnvironment | null {
    const known = this.#environments.get(directory);
    if (known !== undefined) return known;
    const found = readEnvironment(directory);
    this.#environments.set(directory, found);
    return found;
  }

  /** The environment that an interpreter belongs to by the path it is started by: `.venv/bin/python`. */
  environmentOf(interpreter: string): VirtualEnvironment | null {
    return this.environmentAt(dirname(dirname(interpreter)));
  }

  /** Where a module lies: its file or its directory; the first place that has it. */
  find(module: string, sites: readonly string[]): { readonly site: string; readonly path: string } | null {
    for (const site of sites) {
      const stem = join(site, module);
      const file = [`${stem}.py`, ...extensions(site, module)].find(isFile);
      const path = existsSync(stem) && !isFile(stem) ? stem : (file ?? null);
      if (path !== null) return { site, path };
    }
    return null;
  }

  /** A top-level module with those of the distributions that its own one requires, transitively. */
  requiredBy(module: string, sites: readonly string[]): readonly string[] {
    const modules = new Set([module]);
    const queue = sites.flatMap((site) =>
      [...this.#of(site)].filter(([, { modules: own }]) => own.includes(module)).map(([name]) => name),
    );
    const seen = new Set(queue);
    for (const name of seen) {
      for (const site of sites) {
        const distribution = this.#of(site).get(name);
        for (const own of distribution?.modules ?? []) modules.add(own);
        for (const required of distribution?.requires ?? []) {
          if (seen.size < MAX_CLOSURE_PACKAGES) seen.add(required);
        }
      }
    }
    return [...modules];
  }

  /** Whether a distribution is installed in a site directory. */
  has(distribution: string, site: string): boolean {
    return this.#of(site).has(pythonName(distribution));
  }

  #of(site: string): ReadonlyMap<string, Distribution> {
    const known = this.#distributions.get(site);
    if (known !== undefined) return known;
    const found = new Map<string, Distribution>();
    for (const entry of listDirectory(site)) {
      const [, name] = /^(.+?)-[^-]+\.(?:dist-info|egg-info)$/.exec(entry) ?? [];
      if (name !== undefined) found.set(pythonName(name), readDistribution(join(site, entry), name));
    }
    this.#distributions.set(site, found);
    return found;
  }
}

/** Where an interpreter outside a virtual environment looks (site(3), Debian's dist-packages included). */
export function systemSites(interpreter: string | null, place: LaunchPlace): readonly string[] {
  const root = place.systemRoot ?? '/';
  const real = interpreter === null ? null : realPathOf(interpreter);
  const version = /(\d+\.\d+)/.exec(basename(real ?? ''))?.[1] ?? null;
  const found: string[] = [];
  const within = (directory: string) => {
    for (const name of listDirectory(directory)) {
      if (!PYTHON_DIRECTORY.test(name) || (version !== null && name !== 'python3' && !name.endsWith(version)))
        continue;
      for (const packages of ['site-packages', 'dist-packages']) {
        const site = join(directory, name, packages);
        if (existsSync(site)) found.push(site);
      }
    }
  };
  if (place.home !== null) within(join(place.home, '.local', 'lib'));
  if (real !== null && !real.startsWith('/usr/')) within(join(dirname(dirname(real)), 'lib'));
  within(join(root, 'usr/local/lib'));
  within(join(root, 'usr/lib'));
  return [...new Set(found)];
}

function readEnvironment(directory: string): VirtualEnvironment | null {
  const settings = join(directory, 'pyvenv.cfg');
  const text = readText(settings);
  if (text === null) return null;
  const libraries = listDirectory(join(directory, 'lib'))
    .filter((name) => PYTHON_DIRECTORY.test(name))
    .map((name) => join(directory, 'lib', name, 'site-packages'));
  const sitePackages = [...libraries, join(directory, 'Lib', 'site-packages')].filter((site) =>
    existsSync(site),
  );
  const seesSystem = /^\s*include-system-site-packages\s*=\s*true\s*$/im.test(text);
  return { directory, settings, sitePackages, seesSystem };
}

/** Compiled modules: `name.cpython-312-x86_64-linux-gnu.so`, `name.pyd`. */
function extensions(site: string, module: string): readonly string[] {
  if (!existsSync(join(site, `${module}.so`)) && !existsSync(join(site, `${module}.pyd`))) {
    return listDirectory(site)
      .filter((name) => name.startsWith(`${module}.`) && /\.(?:so|pyd)$/.test(name))
      .map((name) => join(site, name));
  }
  return [join(site, `${module}.so`), join(site, `${module}.pyd`)];
}

function readDistribution(directory: string, name: string): Distribution {
  const metadata = readText(join(directory, 'METADATA')) ?? readText(join(directory, 'PKG-INFO')) ?? '';
  const requires = Array.from(metadata.matchAll(/^Requires-Dist:\s*(.+)$/gim), (match) => match[1] ?? '')
    .filter((requirement) => !/;.*\bextra\s*==/.test(requirement))
    .map(pythonName)
    .filter((required) => required !== '');
  const listed = readText(join(directory, 'top_level.txt'))?.split(/\s+/) ?? [];
  const recorded = (readText(join(directory, 'RECORD')) ?? '')
    .split('\n')
    .map((line) => /^"?([^",/]+)(?:\/|\.py,)/.exec(line)?.[1] ?? '');
  const modules = [...listed, ...recorded].filter(
    (module) => /^\w+$/.test(module) && module !== '__pycache__',
  );
  return { modules: [...new Set(modules.length > 0 ? modules : [name.replaceAll('-', '_')])], requires };
}

function readText(path: string): string | null {
  try {
    const real = realPathOf(path);
    return real === null ? null : (readRegular(real, MAX_MANIFEST_BYTES)?.toString('utf8') ?? null);
  } catch {
    return null;
  }
}
