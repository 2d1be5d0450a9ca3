import { createHash } from 'node:crypto';
import { type BigIntStats, type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import { MAX_PACKAGE_BYTES, MAX_PACKAGE_DEPTH, MAX_PACKAGE_FILES } from '../limits.ts';
import { type HashCache, hashFile } from './hash-cache.ts';
import type { Writers } from './writers.ts';

export interface PackageTree {
  readonly sha256: string;
  /** Who may write any file or directory of it, by mode. */
  readonly writers: readonly string[];
}

interface Budget {
  files: number;
  bytes: bigint;
}

/** Thrown inside the walk only, when a bound is passed. */
class TreeRefused extends Error {}

/**
 * One digest over a directory: the SHA-256 of the sorted lines `relative path \0 sha256 \n`, where a
 * symlink counts by its target. Answers a reason where it is over a bound or cannot be read.
 */
export function hashTree(
  root: string,
  cache: HashCache,
  writers: Writers,
): PackageTree | { readonly reason: string } {
  const lines: string[] = [];
  const all = new Set<string>();
  const budget: Budget = { files: 0, bytes: 0n };
  const note = (stat: BigIntStats) => {
    const plain = { uid: Number(stat.uid), gid: Number(stat.gid), mode: Number(stat.mode) };
    for (const writer of writers.ofModes(plain)) all.add(writer);
  };
  try {
    walk(root, '', 0);
  } catch (error) {
    if (error instanceof TreeRefused) return { reason: error.message };
    return { reason: `its files cannot be read: ${systemCode(error) || 'unknown error'}` };
  }
  const hash = createHash('sha256');
  for (const line of lines.sort()) hash.update(line);
  return { sha256: hash.digest('hex'), writers: [...all].sort() };

  function walk(directory: string, relative: string, depth: number): void {
    if (depth > MAX_PACKAGE_DEPTH) throw new TreeRefused(`deeper than ${MAX_PACKAGE_DEPTH} directories`);
    note(lstatSync(directory, { bigint: true }));
    for (const item of readdirSync(directory, { withFileTypes: true })) {
      budget.files += 1;
      if (budget.files > MAX_PACKAGE_FILES) throw new TreeRefused(`more than ${MAX_PACKAGE_FILES} files`);
      visit(
        item,
        join(directory, item.name),
        relative === '' ? item.name : `${relative}/${item.name}`,
        depth,
      );
    }
  }

  function visit(item: Dirent, path: string, relative: string, depth: number): void {
    if (item.isDirectory()) walk(path, relative, depth + 1);
    else if (item.isSymbolicLink()) lines.push(`${relative}\0link:${readlinkSync(path)}\n`);
    else if (item.isFile()) addFile(path, relative);
    else lines.push(`${relative}\0special\n`);
  }

  function addFile(path: string, relative: string): void {
    const hashed = hashFile(path, cache);
    if ('reason' in hashed) throw new TreeRefused(`${relative}: ${hashed.reason}`);
    budget.bytes += hashed.stat.size;
    if (budget.bytes > BigInt(MAX_PACKAGE_BYTES))
      throw new TreeRefused(`more than ${MAX_PACKAGE_BYTES} bytes`);
    note(hashed.stat);
    lines.push(`${relative}\0${hashed.sha256}\n`);
  }
}
