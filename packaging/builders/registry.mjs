// What a package needs of other platforms: exact versions from the npm registry, believed by their digest only.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../../scripts/setup/command.mjs';
import { npmScript } from '../../scripts/setup/runtime.mjs';
import { run } from './program.mjs';

/**
 * The directory of an npm package, fetched into .cache/packages where it is not there. `integrity` is that of a lock
 * file (`sha512-…`). @throws {SetupError} where it cannot be fetched, or is another than the lock says
 */
export function fetchPackage(root, { name, version, integrity }) {
  const cache = join(root, '.cache', 'packages', 'npm');
  const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
  const archive = join(cache, file);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(archive)) {
    run(process.execPath, [npmScript(), 'pack', `${name}@${version}`, '--pack-destination', cache], {
      cwd: cache,
      hint: 'check that the npm registry can be reached and run this again',
    });
  }
  const digest = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (integrity !== `sha512-${digest}`) {
    rmSync(archive);
    throw new SetupError(`${name}@${version} of the npm registry is not what the lock file names`);
  }
  const directory = join(cache, file.replace(/\.tgz$/, ''));
  if (!existsSync(directory)) {
    const unpacked = `${directory}.${process.pid}`;
    mkdirSync(unpacked, { recursive: true });
    run('tar', ['-xzf', archive, '-C', unpacked, '--no-same-owner', '--strip-components=1']);
    renameSync(unpacked, directory);
  }
  return directory;
}
