import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { keyId, openPackageManifest, PACKAGE_MANIFEST, parsePublicKey } from '../../approval/index.ts';
import { ROOT } from './built-packages.ts';

/** Milliseconds that a command of a package may take. */
const RUN_MS = 60_000;
/** What `bin/sealwatch` itself runs where it is called by its link. */
const TOOLS = ['readlink'];

/** Regular files below a directory. */
export function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

/** The files below the root of an installation are those that its manifest names, and the manifest is signed. */
export function checkManifest(root: string): void {
  const key = parsePublicKey(readFileSync(join(root, 'release.pub'), 'utf8'));
  assert.ok(key !== null);
  const manifest = openPackageManifest(
    readFileSync(join(root, PACKAGE_MANIFEST), 'utf8'),
    new Map([[keyId(key), { id: keyId(key), key }]]),
  );
  const found = filesBelow(root).filter((path) => path !== PACKAGE_MANIFEST);
  assert.deepEqual(found.toSorted(), manifest.files.map(({ path }) => path).toSorted());
  for (const { path, sha256, bytes, executable } of manifest.files) {
    const content = readFileSync(join(root, path));
    assert.equal(createHash('sha256').update(content).digest('hex'), sha256, path);
    assert.equal(content.length, bytes, path);
    assert.equal((statSync(join(root, path)).mode & 0o111) !== 0, executable, path);
  }
}

/** No file below a directory names the checkout that it was built from. */
export function checkNamesNoBuilder(directory: string): void {
  const naming = filesBelow(directory).filter((path) => readFileSync(join(directory, path)).includes(ROOT));
  assert.deepEqual(naming, []);
}

function canCutNetwork(): boolean {
  return spawnSync('unshare', ['--net', 'true'], { timeout: RUN_MS }).status === 0;
}

/**
 * Runs a program of a package: no Node and nothing else is on PATH but what `bin/sealwatch` needs, and there is no
 * network where that can be cut. `home` is a directory for it.
 */
export function runApart(
  program: string,
  args: readonly string[],
  home: string,
): { status: number | null; out: string } {
  const path = join(home, 'path');
  mkdirSync(path, { recursive: true });
  for (const tool of TOOLS.filter((name) => !existsSync(join(path, name))))
    symlinkSync(join('/usr/bin', tool), join(path, tool));
  const words = canCutNetwork() ? ['/usr/bin/unshare', '--net', program, ...args] : [program, ...args];
  const [first = '', ...rest] = words;
  const { status, stdout, stderr } = spawnSync(first, rest, {
    cwd: home,
    env: { PATH: path, HOME: home },
    encoding: 'utf8',
    timeout: RUN_MS,
  });
  return { status, out: `${stdout}${status === 0 ? '' : stderr}` };
}
