import { type Dir, type Dirent, lstatSync, opendirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import { MAX_DIRECTORY_ENTRIES } from '../limits.ts';

type EntryKind = 'directory' | 'file' | 'link' | 'other';

/** What lies in a directory. */
interface Listing {
  readonly entries: ReadonlyMap<string, EntryKind>;
  /** False where it may not be listed or has more than MAX_DIRECTORY_ENTRIES. */
  readonly complete: boolean;
}

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);
const LISTED_AT_ONCE = 256;

/**
 * The directories of one scan, each listed once: nearly every place where a config may lie does not exist,
 * and a name that is not in a list costs no system call.
 */
export class DirectoryListings {
  readonly #listings = new Map<string, Listing | null>();
  readonly #folded = new Map<string, ReadonlyMap<string, readonly string[]>>();

  /** Names in a directory that are this one; with `fold` also those that differ in case only, the exact one first. */
  named(directory: string, name: string, fold: boolean): readonly string[] {
    const listing = this.#list(directory);
    if (listing === null) return [];
    const exact = listing.complete ? listing.entries.has(name) : exists(join(directory, name));
    if (!fold) return exact ? [name] : [];
    const others = this.#foldedNames(directory, listing).get(foldCase(name)) ?? [];
    return exact ? [name, ...others.filter((other) => other !== name)] : others;
  }

  /** Names in a directory, sorted; empty where it is missing or may not be listed. */
  names(directory: string): readonly string[] {
    return [...(this.#list(directory)?.entries.keys() ?? [])].sort();
  }

  /** False where entries of a directory may be unknown. */
  isComplete(directory: string): boolean {
    return this.#list(directory)?.complete ?? true;
  }

  /** Directories in a directory, symlinks to directories among them. */
  directories(directory: string): readonly string[] {
    const entries = this.#list(directory)?.entries ?? new Map<string, EntryKind>();
    return [...entries]
      .filter(
        ([name, kind]) => kind === 'directory' || (kind === 'link' && isDirectory(join(directory, name))),
      )
      .map(([name]) => name)
      .sort();
  }

  #list(directory: string): Listing | null {
    const known = this.#listings.get(directory);
    if (known !== undefined) return known;
    const listing = readListing(directory);
    this.#listings.set(directory, listing);
    return listing;
  }

  #foldedNames(directory: string, listing: Listing): ReadonlyMap<string, readonly string[]> {
    const known = this.#folded.get(directory);
    if (known !== undefined) return known;
    const folded = new Map<string, string[]>();
    for (const name of [...listing.entries.keys()].sort()) {
      const key = foldCase(name);
      const same = folded.get(key);
      if (same === undefined) folded.set(key, [name]);
      else same.push(name);
    }
    this.#folded.set(directory, folded);
    return folded;
  }
}

const ASCII = /^[\0-\x7f]*$/;

/** A name as disks compare it that ignore case and Unicode form (APFS, NTFS). */
function foldCase(name: string): string {
  return (ASCII.test(name) ? name : name.normalize('NFC')).toLowerCase();
}

function readListing(path: string): Listing | null {
  const entries = new Map<string, EntryKind>();
  let directory: Dir | null = null;
  try {
    directory = opendirSync(path, { bufferSize: LISTED_AT_ONCE });
    for (let item = directory.readSync(); item !== null; item = directory.readSync()) {
      if (entries.size >= MAX_DIRECTORY_ENTRIES) return { entries, complete: false };
      entries.set(item.name, kindOf(item));
    }
    return { entries, complete: true };
  } catch (error) {
    return GONE.has(systemCode(error)) ? null : { entries, complete: false };
  } finally {
    directory?.closeSync();
  }
}

function kindOf(item: Dirent): EntryKind {
  if (item.isDirectory()) return 'directory';
  if (item.isSymbolicLink()) return 'link';
  return item.isFile() ? 'file' : 'other';
}

/** Whether something can be named there; what may not be looked at counts as there, so that it is told of. */
function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}
