import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { limits, readRegular } from '../../inventory/index.ts';
import { GuardError } from '../errors.ts';

const PERMISSION_BITS = 0o7777;
const RANDOM_BYTES = 8;

/** A config as it lies on disk. */
export interface ConfigFile {
  readonly bytes: Buffer;
  readonly stat: Stats;
}

/** Reads a config by its real path. @throws {GuardError} where it is none any more, or too large */
export function readConfig(realPath: string): ConfigFile {
  try {
    const stat = lstatSync(realPath);
    const bytes = readRegular(realPath, limits.MAX_CONFIG_BYTES);
    if (bytes !== null) return { bytes, stat };
  } catch (cause) {
    throw changed(realPath, cause);
  }
  throw changed(realPath);
}

/**
 * Replaces a config at once by a file beside it, with the same mode and owner; whoever reads it meanwhile sees the old
 * text or the new one. Root does so with the rights of the file's owner, in whose directories nothing may be trusted.
 * Between the last look at the old text and the rename another program's write can still be lost.
 * @throws {GuardError} GUARD_CONFIG_CHANGED, GUARD_CONFIG_UNWRITABLE
 */
export function replaceConfig(realPath: string, before: ConfigFile, after: Buffer): void {
  if (before.stat.nlink > 1)
    throw new GuardError('GUARD_CONFIG_UNWRITABLE', `${realPath} has other hard links`, {
      hint: 'they would keep the old text: make it a file of its own',
    });
  asOwner(before.stat, () => replace(realPath, before, after));
}

function replace(realPath: string, before: ConfigFile, after: Buffer): void {
  const directory = dirname(realPath);
  const temporary = join(
    directory,
    `.${basename(realPath)}.sealwatch-${randomBytes(RANDOM_BYTES).toString('hex')}`,
  );
  try {
    writeNew(temporary, before.stat, after);
    const now = readConfig(realPath);
    if (now.stat.ino !== before.stat.ino || !now.bytes.equals(before.bytes)) throw changed(realPath);
    renameSync(temporary, realPath);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (error instanceof GuardError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new GuardError('GUARD_CONFIG_UNWRITABLE', `${realPath} cannot be replaced: ${reason}`, {
      cause: error,
    });
  }
  syncDirectory(directory);
}

function writeNew(path: string, { mode, uid, gid }: Stats, bytes: Buffer): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(path, flags, 0o600);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    if (process.getuid?.() !== undefined) fchownSync(fd, uid, gid);
    fchmodSync(fd, mode & PERMISSION_BITS);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function asOwner({ uid, gid }: Stats, action: () => void): void {
  const { seteuid, setegid, setgroups, getgroups, getegid } = process;
  const isOther = process.geteuid?.() === 0 && uid !== 0;
  if (!isOther || !seteuid || !setegid || !setgroups || !getgroups || !getegid) {
    action();
    return;
  }
  const [group, groups] = [getegid(), getgroups()];
  setgroups([gid]);
  setegid(gid);
  seteuid(uid);
  try {
    action();
  } finally {
    seteuid(0);
    setegid(group);
    setgroups(groups);
  }
}

function changed(realPath: string, cause?: unknown): GuardError {
  return new GuardError('GUARD_CONFIG_CHANGED', `${realPath} was changed meanwhile`, {
    cause,
    hint: 'nothing was written; try again',
  });
}
