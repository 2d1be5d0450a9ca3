import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { readRegular } from '../../config/read.ts';
import { MAX_MANIFEST_BYTES } from '../../limits.ts';
import { isFile, realPathOf } from '../launch/find-executable.ts';
import { type PackageGraph, readJson, record } from './package-graph.ts';
import { importedPackage } from './package-spec.ts';

/** What an import specifier of a project's own script stands for. */
export type ResolvedImport =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'fetched'; readonly specifier: string }
  | { readonly kind: 'builtin' }
  | { readonly kind: 'missing' };

const ENDINGS = [
  '',
  '.js',
  '.mjs',
  '.cjs',
  '.ts',
  '.mts',
  '.cts',
  '.tsx',
  '.jsx',
  '.json',
  '.node',
  '/index.js',
  '/index.mjs',
  '/index.cjs',
  '/index.ts',
  '/index.tsx',
  '/index.mts',
  '/index.json',
] as const;
const BUILTINS: ReadonlySet<string> = new Set(builtinModules);
const MAPS = ['deno.json', 'deno.jsonc', 'import_map.json', 'tsconfig.json', 'jsconfig.json'] as const;

/** Names that a project's own files give to modules: paths of tsconfig, imports of an import map. */
interface ModuleMap {
  readonly directory: string;
  readonly names: readonly (readonly [pattern: string, targets: readonly string[]])[];
}

/** Resolves import specifiers as Node, TypeScript, Bun and Deno do, without running anything. */
export class JavascriptModules {
  readonly #graph: PackageGraph;
  readonly #maps = new Map<string, readonly ModuleMap[]>();
  readonly #known = new Map<string, ResolvedImport>();

  constructor(graph: PackageGraph) {
    this.#graph = graph;
  }

  resolve(specifier: string, directory: string): ResolvedImport {
    const key = `${directory}\0${specifier}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const resolved = this.#resolve(specifier, directory);
    this.#known.set(key, resolved);
    return resolved;
  }

  #resolve(specifier: string, directory: string): ResolvedImport {
    if (/^(?:node|bun|cloudflare):/.test(specifier) || BUILTINS.has(specifier)) return { kind: 'builtin' };
    if (specifier.startsWith('npm:')) return npmSpecifier(specifier);
    if (/^(?:https?|jsr|data|blob):/.test(specifier)) {
      return /^(?:data|blob):/.test(specifier) ? { kind: 'builtin' } : { kind: 'fetched', specifier };
    }
    const file = specifier.replace(/^file:\/\//, '');
    if (/^\.{0,2}\//.test(file) || file === '.' || file === '..')
      return filesOf([sourceFile(file, directory)]);
    if (specifier.startsWith('#')) {
      const subpath = this.#subpathImport(specifier, directory);
      return subpath.kind === 'missing' ? this.#mapped(specifier, directory) : subpath;
    }
    const name = importedPackage(specifier);
    if (name !== null && this.#graph.resolve(name, directory) !== null) return { kind: 'package', name };
    const mapped = this.#mapped(specifier, directory);
    return mapped.kind === 'missing' ? this.#self(specifier, name, directory) : mapped;
  }

  /** `#name` of the nearest package.json (nodejs.org/api/packages.html#subpath-imports): every condition. */
  #subpathImport(specifier: string, directory: string): ResolvedImport {
    const scope = this.#graph.scopeOf(directory);
    const imports = scope === null ? {} : (this.#graph.manifest(scope)?.imports ?? {});
    return this.#anyTarget(
      Object.entries(imports).map(([pattern, target]) => [pattern, targetsOf(target)] as const),
      specifier,
      scope ?? directory,
    );
  }

  /** A package may import itself by its own name, through its `exports`. */
  #self(specifier: string, name: string | null, directory: string): ResolvedImport {
    const scope = this.#graph.scopeOf(directory);
    const manifest = scope === null ? null : this.#graph.manifest(scope);
    if (scope === null || name === null || manifest?.name !== name) return { kind: 'missing' };
    const subpath = `.${specifier.slice(name.length)}`;
    const exported = record(manifest.exports);
    const patterns = Object.keys(exported).some((key) => key.startsWith('.'))
      ? Object.entries(exported).map(([pattern, target]) => [pattern, targetsOf(target)] as const)
      : [
          [
            '.',
            [...targetsOf(manifest.exports), ...(manifest.main === null ? [] : [manifest.main])],
          ] as const,
        ];
    return this.#anyTarget(patterns, subpath, scope);
  }

  #mapped(specifier: string, directory: string): ResolvedImport {
    for (const map of this.#mapsAbove(directory)) {
      const found = this.#anyTarget(map.names, specifier, map.directory);
      if (found.kind !== 'missing') return found;
    }
    return { kind: 'missing' };
  }

  #anyTarget(
    patterns: readonly (readonly [pattern: string, targets: readonly string[]])[],
    specifier: string,
    directory: string,
  ): ResolvedImport {
    const targets = patterns.flatMap(([pattern, all]) => {
      const rest = matchPattern(pattern, specifier);
      return rest === null ? [] : all.map((target) => withRest(target, rest));
    });
    const other = targets.find((target) => /^(?:npm|jsr|https?):/.test(target));
    if (other !== undefined) return this.#resolve(other, directory);
    const files = filesOf(targets.map((target) => sourceFile(target, directory)));
    if (files.kind === 'files') return files;
    const name = targets
      .map(importedPackage)
      .find((found) => found !== null && this.#graph.resolve(found, directory) !== null);
    return name === undefined || name === null ? files : { kind: 'package', name };
  }

  #mapsAbove(directory: string): readonly ModuleMap[] {
    const known = this.#maps.get(directory);
    if (known !== undefined) return known;
    const own = MAPS.flatMap((file) => readMap(directory, file) ?? []);
    const parent = dirname(directory);
    const all = parent === directory ? own : [...own, ...this.#mapsAbove(parent)];
    this.#maps.set(directory, all);
    return all;
  }
}

/** The first existing file of a name without its ending; TypeScript spells the import of x.ts as x.js. */
export function sourceFile(specifier: string, directory: string): string | null {
  const path = specifier.replace(/[?#].*$/, '');
  const base = path.startsWith('/') ? path : join(directory, path);
  const candidates = ENDINGS.map((ending) => base + ending);
  candidates.push(base.replace(/\.([mc]?)js$/, '.$1ts'), base.replace(/\.jsx?$/, '.tsx'));
  return candidates.find(isFile) ?? mainOf(base);
}

function mainOf(directory: string): string | null {
  const main = readJson(join(directory, 'package.json'))?.['main'];
  if (typeof main !== 'string') return null;
  const base = join(directory, main);
  return ENDINGS.map((ending) => base + ending).find(isFile) ?? null;
}

function filesOf(found: readonly (string | null)[]): ResolvedImport {
  const files = found.filter((file) => file !== null);
  return files.length === 0 ? { kind: 'missing' } : { kind: 'files', files };
}

function npmSpecifier(specifier: string): ResolvedImport {
  const name = importedPackage(specifier.replace(/^npm:\/?/, '').replace(/(?<=.)@[^/]*/, ''));
  return name === null ? { kind: 'fetched', specifier } : { kind: 'package', name };
}

/** What `*` stands for, '' for an exact match, null for none; an import map's key may end in `/`. */
function matchPattern(pattern: string, specifier: string): string | null {
  if (pattern === specifier) return '';
  const star = pattern.indexOf('*');
  if (star < 0) {
    return pattern.endsWith('/') && specifier.startsWith(pattern) ? specifier.slice(pattern.length) : null;
  }
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (!specifier.startsWith(head) || !specifier.endsWith(tail)) return null;
  return specifier.length < head.length + tail.length
    ? null
    : specifier.slice(head.length, specifier.length - tail.length);
}

function withRest(target: string, rest: string): string {
  if (target.includes('*')) return target.replaceAll('*', rest);
  return target.endsWith('/') ? target + rest : target;
}

/** Every string in a target of `imports` or `exports`, whatever its conditions. */
function targetsOf(target: unknown, depth = 0): readonly string[] {
  if (typeof target === 'string') return [target];
  if (typeof target !== 'object' || target === null || depth > MAX_CONDITION_DEPTH) return [];
  return Object.values(target).flatMap((value) => targetsOf(value, depth + 1));
}

/** Conditions that may be nested in each other. */
const MAX_CONDITION_DEPTH = 8;

function readMap(directory: string, file: string): ModuleMap | null {
  const path = join(directory, file);
  if (!isFile(path)) return null;
  const json = record(readLooseJson(path));
  const options = record(json['compilerOptions']);
  const base = typeof options['baseUrl'] === 'string' ? options['baseUrl'] : null;
  const names = Object.entries({ ...record(json['imports']), ...record(options['paths']) }).map(
    ([pattern, target]) => [pattern, targetsOf(target)] as const,
  );
  if (base !== null) names.push(['*', ['*']]);
  return { directory: join(directory, base ?? '.'), names };
}

/** JSON with comments and trailing commas, as tsconfig.json is written; null where that is not enough. */
function readLooseJson(path: string): unknown {
  try {
    const real = realPathOf(path);
    const text = real === null ? '' : (readRegular(real, MAX_MANIFEST_BYTES)?.toString('utf8') ?? '');
    const plain = text
      .replace(/("(?:\\.|[^"\\\n])*")|\/\/[^\n]*/g, (_, literal?: string) => literal ?? '')
      .replace(/("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])/g, (_, literal?: string) => literal ?? '');
    return JSON.parse(plain.replace(/^\uFEFF/, ''));
  } catch {
    return null;
  }
}
