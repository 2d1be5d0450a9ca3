import { spawnSync } from 'node:child_process';

/** Milliseconds that an installation may take. */
const INSTALL_MS = 240_000;
/** Test files install side by side: each waits for the other's lock, in seconds. */
const LOCK_SECONDS = 200;

function isThere(program: string, probe: string): boolean {
  return spawnSync(program, [probe], { timeout: 30_000 }).status === 0;
}

/**
 * Whether a program runs here; where it is missing, root gets it from its Debian package first. `probe` is the
 * argument with which it does nothing but succeed.
 */
export function haveProgram(program: string, debianPackage: string, probe = '--version'): boolean {
  if (isThere(program, probe)) return true;
  if (process.getuid?.() !== 0) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: readonly string[]) =>
    spawnSync('apt-get', ['-qq', '-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`, ...args], {
      env,
      timeout: INSTALL_MS,
    });
  const install = () => apt('install', '-y', '--no-install-recommends', debianPackage).status === 0;
  if (!install() && apt('update').status === 0) install();
  return isThere(program, probe);
}
