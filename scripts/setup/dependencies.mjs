import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './command.mjs';
import { installFromLock } from './lock-install.mjs';

const MANIFESTS = ['package.json', 'package-lock.json', '.npmrc'];

function fingerprint(root) {
  const hash = createHash('sha256');
  for (const name of MANIFESTS.slice(1)) hash.update(readFileSync(join(root, name)));
  return hash.update(`${process.platform}-${process.arch}`).digest('hex');
}

/**
 * Installs exactly what package-lock.json names, without any install script. It is put together beside
 * node_modules and swapped in, so that a registry that cannot be reached leaves the old one whole.
 */
export async function ensureDependencies(root, node, log, report) {
  const wanted = fingerprint(root);
  const stamp = join(root, 'node_modules', '.sealwatch-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return 'current';
  report('installing from the npm registry');
  const staging = join(root, '.cache', 'dependencies');
  rmSync(staging, { recursive: true, force: true });
  if (!(await installFromLock(root, staging, MANIFESTS, { node, log }))) {
    throw new SetupError(
      `the dependencies could not be installed (see ${log})`,
      'check that the npm registry can be reached and run this again; what was installed before is untouched',
    );
  }
  const old = join(root, '.cache', 'dependencies-old');
  rmSync(old, { recursive: true, force: true });
  if (existsSync(join(root, 'node_modules'))) renameSync(join(root, 'node_modules'), old);
  renameSync(join(staging, 'node_modules'), join(root, 'node_modules'));
  rmSync(old, { recursive: true, force: true });
  rmSync(staging, { recursive: true, force: true });
  writeFileSync(stamp, wanted);
  return 'installed';
}
