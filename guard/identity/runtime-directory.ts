import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isPrivateDirectory } from '../../approval/index.ts';
import { GuardError } from '../errors.ts';

/** Milliseconds after which what an ended guard left is removed: no token lives that long. */
const LEFTOVER_AGE_MS = 3_600_000;
const NAME = /^(\d{1,10})-/;

/** Where a guard may put what lives only as long as it does. */
export interface RuntimePlace {
  /** XDG_RUNTIME_DIR, where it is the caller's own and closed to others; else a directory of the state directory counts. */
  readonly runtimeDir: string | undefined;
  readonly stateDir: string;
}

/**
 * Makes a directory (mode 0700) for this process, below `$XDG_RUNTIME_DIR/sealwatch` or `<state directory>/run`, and
 * removes those of guards that were killed an hour ago or before.
 * @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE`
 */
export function makeRuntimeDirectory({ runtimeDir, stateDir }: RuntimePlace): string {
  const isUsable = runtimeDir !== undefined && isAbsolute(runtimeDir) && isPrivateDirectory(runtimeDir);
  const parent = isUsable ? join(runtimeDir, 'sealwatch') : join(stateDir, 'run');
  try {
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    if (!isPrivateDirectory(parent)) throw new Error('others can enter it, or it is no directory');
    removeLeftovers(parent);
    return mkdtempSync(join(parent, `${process.pid}-`));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GuardError('GUARD_IDENTITY_UNAVAILABLE', `${parent} cannot be used: ${reason}`, { cause });
  }
}

/** A pid may mean another process in another container, so that age counts as well. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(NAME.exec(name)?.[1] ?? 0);
    const path = join(parent, name);
    try {
      const isOld = Date.now() - lstatSync(path).mtimeMs > LEFTOVER_AGE_MS;
      if (pid > 0 && isOld && !isAlive(pid)) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another guard was quicker.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
