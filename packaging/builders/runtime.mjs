// The Node that a package carries.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXECUTABLE, Payload } from './payload.mjs';
import { fetchPackage } from './registry.mjs';

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Name, version and integrity of the npm package with Node for a platform. For macOS npm has the file list of runtimes.json. */
function lockedRuntime(root, platform) {
  const { packages } = readJson(join(root, 'scripts', 'runtime', 'package-lock.json'));
  const name = `node-${platform}`;
  const locked = packages[`node_modules/${name}`];
  return locked === undefined
    ? readJson(join(import.meta.dirname, 'runtimes.json'))[platform]
    : { name, version: locked.version, integrity: locked.integrity };
}

/** What the set-up fetched, where it is the same version. */
function fetchedBySetUp(root, { name, version }) {
  const directory = join(root, '.runtime', 'node_modules', name);
  const manifest = join(directory, 'package.json');
  return existsSync(manifest) && readJson(manifest).version === version ? directory : null;
}

/**
 * Node for a platform: `payload` with `runtime/node` and its licence, and `package`, what it came from. `own` is the path of
 * another build of Node to carry in its place.
 */
export function carryRuntime(root, platform, own) {
  const locked = lockedRuntime(root, platform);
  const directory = fetchedBySetUp(root, locked) ?? fetchPackage(root, locked);
  const payload = new Payload();
  payload.addFile('runtime/node', own ?? join(directory, 'bin', 'node'), EXECUTABLE);
  const licence = join(directory, 'LICENSE');
  if (existsSync(licence)) payload.addFile('runtime/LICENSE', licence);
  return { payload, package: { ...locked, replaced: own !== undefined } };
}
