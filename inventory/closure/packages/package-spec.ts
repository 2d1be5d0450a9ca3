/** A package as named on a command line: `name` without its version, `pinned` where that is exact. */
export interface PackageSpec {
  readonly name: string;
  readonly version: string | null;
  readonly pinned: boolean;
}

const EXACT_VERSION = /^=?=?v?\d+\.\d+(?:\.\d+)*(?:[-+.][\w.+-]+)?$/;
const COMMIT = /[@#][0-9a-f]{40}$/;
const NPM_NAME = /^(?:@[\w.~-]+\/)?[\w~-][\w.~-]*$/;

/** Reads `@scope/name@1.2.3`, `name==1.2.3` or a git URL; only an exact version or commit is pinned. */
export function readPackageSpec(spec: string): PackageSpec {
  if (/^(?:git\+|https?:|github:|file:|\.|\/)/.test(spec)) {
    return { name: spec.replace(COMMIT, ''), version: null, pinned: COMMIT.test(spec) };
  }
  const [, name = spec, version = null] = /^(@?[^@=<>~!]+?)(?:\[[^\]]*\])?(?:@|(?===))(.+)$/.exec(spec) ?? [];
  return { name, version, pinned: version !== null && EXACT_VERSION.test(version) };
}

/** A name that npm accepts, and that therefore cannot leave `node_modules`. */
export function isNpmName(name: string): boolean {
  return NPM_NAME.test(name);
}

/** The normalised name of a Python distribution (PEP 503), extras and version taken off. */
export function pythonName(requirement: string): string {
  return (/^[A-Za-z0-9][\w.-]*/.exec(requirement.trim())?.[0] ?? '').toLowerCase().replace(/[-_.]+/g, '-');
}

/** The package that an import names: `@scope/name/sub` is `@scope/name`; null where it names none. */
export function importedPackage(specifier: string): string | null {
  const [first = '', second = ''] = specifier.split('/');
  const name = first.startsWith('@') ? `${first}/${second}` : first;
  return isNpmName(name) ? name : null;
}
