import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { readRegular } from '../../config/read.ts';
import { MAX_CONFIG_BYTES, MAX_GLOB_MATCHES } from '../../limits.ts';
import type { LaunchPlace } from '../launch/expand.ts';
import { findExecutable, realPathOf } from '../launch/find-executable.ts';
import { escapeRegExp } from '../portable.ts';

/** Hex digits of npm's cache key (libnpmexec, lib/index.js). */
const NPX_KEY_DIGITS = 16;

/** The directory of `~/.npm/_npx` that npx makes for exactly these package specs. */
export function npxKey(specs: readonly string[]): string {
  const sorted = [...specs].sort((a, b) => a.localeCompare(b, 'en'));
  return createHash('sha512').update(sorted.join('\n')).digest('hex').slice(0, NPX_KEY_DIGITS);
}

/** npm's cache of packages run by npx: of the environment, of `.npmrc`, else the default. */
export function npxCache(place: LaunchPlace): string | null {
  const set = place.env['npm_config_cache'] ?? place.env['NPM_CONFIG_CACHE'] ?? npmrcValue(place, 'cache');
  if (set?.startsWith('/') === true) return join(set, '_npx');
  if (place.platform === 'win32') {
    const local = place.env['LOCALAPPDATA'];
    if (local !== undefined) return join(local, 'npm-cache', '_npx');
  }
  return place.home === null ? null : join(place.home, '.npm', '_npx');
}

/** Every `node_modules` of globally installed packages that the PATH leads to. */
export function globalModules(place: LaunchPlace, path: string, cwd: string): readonly string[] {
  const prefixes = [
    place.env['npm_config_prefix'] ?? place.env['NPM_CONFIG_PREFIX'] ?? npmrcValue(place, 'prefix'),
    ...['npm', 'node', 'npx'].map((name) => prefixOf(findExecutable(name, path, cwd))),
    place.home === null ? null : join(place.home, '.npm-global'),
  ];
  const found = prefixes.flatMap((prefix) => (prefix === null ? [] : [join(prefix, 'lib', 'node_modules')]));
  if (place.home !== null) {
    found.push(
      join(place.home, '.local/share/pnpm/global/5/node_modules'),
      join(place.home, '.config/yarn/global/node_modules'),
      join(place.home, '.bun/install/global/node_modules'),
    );
  }
  return [...new Set(found)];
}

/** `<prefix>/bin/node` and `<prefix>/lib/node_modules/npm/bin/npm-cli.js` both tell the prefix. */
function prefixOf(executable: string | null): string | null {
  const real = executable === null ? null : realPathOf(executable);
  if (real === null) return null;
  const at = real.indexOf(`${sep}lib${sep}node_modules${sep}`);
  return at >= 0 ? real.slice(0, at) : dirname(dirname(real));
}

/** A plain value of the user's `.npmrc`, `~` and `${HOME}` replaced; anything else is not followed. */
function npmrcValue({ home, env }: LaunchPlace, key: string): string | null {
  if (home === null) return null;
  const file = env['npm_config_userconfig'] ?? join(home, '.npmrc');
  try {
    const text = readRegular(realPathOf(file) ?? file, MAX_CONFIG_BYTES)?.toString('utf8') ?? '';
    const value = new RegExp(`^\\s*${key}\\s*=\\s*(.+?)\\s*$`, 'm').exec(text)?.[1];
    const path = value?.replace(/^["']|["']$/g, '').replace(/^(?:~|\$\{HOME\})(?=\/)/, home) ?? null;
    return path?.startsWith('/') === true ? path : null;
  } catch {
    return null;
  }
}

/** Directories in which runners keep what they fetched, each with a `node_modules`. */
export function runnerCaches(runner: string, name: string, place: LaunchPlace): readonly string[] {
  if (runner.startsWith('pnp') && place.home !== null) {
    const cache = place.env['XDG_CACHE_HOME'] ?? join(place.home, '.cache');
    return listDirectory(join(cache, 'pnpm', 'dlx')).map((entry) => join(cache, 'pnpm', 'dlx', entry, 'pkg'));
  }
  if (!runner.startsWith('bun')) return [];
  const temporary = join(place.systemRoot ?? '/', place.env['TMPDIR'] ?? 'tmp');
  const wanted = new RegExp(`^bunx-\\d+-${escapeRegExp(name.replace('/', '+'))}@`);
  const scoped = /^(@[^/]+)\/(.+)$/.exec(name);
  const flat = listDirectory(temporary).filter((entry) => wanted.test(entry));
  const nested = listDirectory(temporary)
    .filter(
      (entry) => scoped !== null && new RegExp(`^bunx-\\d+-${escapeRegExp(scoped[1] ?? '')}$`).test(entry),
    )
    .flatMap((entry) =>
      listDirectory(join(temporary, entry))
        .filter((inner) => inner.startsWith(`${scoped?.[2]}@`))
        .map((inner) => join(entry, inner)),
    );
  return [...flat, ...nested].map((entry) => join(temporary, entry));
}

/** Names in a directory, sorted, at most MAX_GLOB_MATCHES of them. */
export function listDirectory(path: string): readonly string[] {
  try {
    return readdirSync(path).sort().slice(0, MAX_GLOB_MATCHES);
  } catch {
    return [];
  }
}
