import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { MAX_GLOB_MATCHES } from '../limits.ts';
import { realPathOf } from './find-executable.ts';
import type { PackageSpec } from './launcher.ts';

/** A package directory, by its real path. */
export interface InstalledPackage {
  readonly name: string;
  readonly directory: string;
}

/** Bytes of a package.json that are read to learn a version. */
const MAX_MANIFEST_BYTES = 1024 * 1024;
/** Hex digits of npm's cache key (libnpmexec, lib/index.js). */
const NPX_KEY_DIGITS = 16;

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

/**
 * Where npx would find a package without fetching it: `node_modules` above the given directories, then
 * npm's own cache `~/.npm/_npx/<key>/node_modules`, the key of this very request first.
 */
export function findNpmPackage(
  spec: string,
  { name, version, pinned }: PackageSpec,
  directories: readonly string[],
  home: string | null,
): readonly InstalledPackage[] {
  if (!/^(?:@[\w.~-]+\/)?[\w.~-]+$/.test(name) || name.startsWith('.')) return [];
  const matches = (directory: string) =>
    isPackage(directory) && (!pinned || versionOf(directory) === version);
  for (const directory of directories) {
    for (let here = directory; ; here = dirname(here)) {
      const candidate = join(here, 'node_modules', name);
      if (matches(candidate)) return [{ name, directory: realPathOf(candidate) ?? candidate }];
      if (here === dirname(here)) break;
    }
  }
  if (home === null) return [];
  const cache = join(home, '.npm', '_npx');
  const key = createHash('sha512').update(spec).digest('hex').slice(0, NPX_KEY_DIGITS);
  const exact = join(cache, key, 'node_modules', name);
  if (isPackage(exact)) return [{ name, directory: realPathOf(exact) ?? exact }];
  return listDirectory(cache)
    .map((entry) => join(cache, entry, 'node_modules', name))
    .filter(matches)
    .map((directory) => ({ name, directory: realPathOf(directory) ?? directory }));
}

/** The virtual environment of a Python tool installed by uv or pipx. */
export function findPythonTool(name: string, home: string | null): InstalledPackage | null {
  if (home === null || !/^[\w.-]+$/.test(name) || name.startsWith('.')) return null;
  for (const place of ['.local/share/uv/tools', '.local/share/pipx/venvs', '.local/pipx/venvs']) {
    const directory = realPathOf(join(home, place, name));
    if (directory !== null) return { name, directory };
  }
  return null;
}

function listDirectory(path: string): readonly string[] {
  try {
    return readdirSync(path).sort().slice(0, MAX_GLOB_MATCHES);
  } catch {
    return [];
  }
}

function isPackage(directory: string): boolean {
  try {
    return statSync(join(directory, 'package.json')).isFile();
  } catch {
    return false;
  }
}

function versionOf(directory: string): string | null {
  try {
    const path = join(directory, 'package.json');
    if (statSync(path).size > MAX_MANIFEST_BYTES) return null;
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : null;
  } catch {
    return null;
  }
}
