import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MAX_GLOB_DEPTH, MAX_GLOB_DIRECTORIES, MAX_GLOB_MATCHES } from '../limits.ts';
import type { DirectoryListings } from './listings.ts';

export interface Match {
  readonly path: string;
  /** False where a fixed segment differs in case. */
  readonly exact: boolean;
}

export interface Matched {
  readonly matches: readonly Match[];
  /** Directories of which not everything was looked at. */
  readonly truncated: readonly string[];
}

const NOTHING: Matched = { matches: [], truncated: [] };
const ANY_DIRECTORIES = '**';
/** No client keeps its own configs in there; they would use up the bound. */
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git']);

export function isPattern(path: string): boolean {
  return path.includes('*');
}

/**
 * What exists below a directory by a relative pattern: a `*` stands for any characters of one segment, a
 * segment `**` for any directories, symlinked ones included, down to MAX_GLOB_DEPTH. An empty pattern is
 * the path itself. With `fold` fixed segments are compared without case.
 */
export function matchPattern(
  start: string,
  pattern: string,
  fold: boolean,
  listings: DirectoryListings,
): Matched {
  const first = pattern.slice(0, pattern.indexOf('/') === -1 ? undefined : pattern.indexOf('/'));
  if (first !== '' && !isPattern(first) && listings.named(start, first, fold).length === 0) return NOTHING;
  const truncated: string[] = [];
  const segments = pattern === '' ? [basename(start)] : pattern.split('/');
  let matches: readonly Match[] = [{ path: pattern === '' ? dirname(start) : start, exact: true }];
  for (const segment of segments) {
    if (matches.length === 0) break;
    if (segment === ANY_DIRECTORIES) matches = matches.flatMap((match) => below(match, listings, truncated));
    else if (isPattern(segment))
      matches = matches.flatMap((match) => alike(match, segment, listings, truncated));
    else matches = matches.flatMap((match) => named(match, segment, fold, listings));
  }
  if (matches.length <= MAX_GLOB_MATCHES) return { matches, truncated };
  return { matches: matches.slice(0, MAX_GLOB_MATCHES), truncated: [...truncated, start] };
}

function named(match: Match, segment: string, fold: boolean, listings: DirectoryListings): readonly Match[] {
  return listings.named(match.path, segment, fold).map((name) => ({
    path: join(match.path, name),
    exact: match.exact && name === segment,
  }));
}

function alike(
  match: Match,
  segment: string,
  listings: DirectoryListings,
  truncated: string[],
): readonly Match[] {
  if (!listings.isComplete(match.path)) truncated.push(match.path);
  const [first = '', ...rest] = segment.split('*');
  return listings
    .names(match.path)
    .filter((name) => isAlike(name, first, rest))
    .map((name) => ({ path: join(match.path, name), exact: match.exact }));
}

/** Whether a name is `first`, then anything before each of `rest`, the last of which ends it. */
function isAlike(name: string, first: string, rest: readonly string[]): boolean {
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest.slice(0, -1)) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  const last = rest.at(-1) ?? '';
  return name.length - last.length >= at && name.endsWith(last);
}

/** A directory and all directories below it, each real one once: a symlink may lead back up. */
function below(match: Match, listings: DirectoryListings, truncated: string[]): readonly Match[] {
  const seen = new Set<string>();
  const found: Match[] = [];
  const queue: { readonly path: string; readonly depth: number }[] = [{ path: match.path, depth: 0 }];
  for (const { path, depth } of queue) {
    const identity = directoryIdentity(path);
    if (identity === null || seen.has(identity)) continue;
    if (seen.size >= MAX_GLOB_DIRECTORIES) {
      truncated.push(match.path);
      break;
    }
    seen.add(identity);
    found.push({ path, exact: match.exact });
    const children = listings.directories(path).filter((name) => !SKIPPED.has(name));
    if (!listings.isComplete(path) || (depth >= MAX_GLOB_DEPTH && children.length > 0)) truncated.push(path);
    if (depth >= MAX_GLOB_DEPTH) continue;
    for (const name of children) queue.push({ path: join(path, name), depth: depth + 1 });
  }
  return found;
}

function directoryIdentity(path: string): string | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isDirectory() === true ? `${stat.dev}:${stat.ino}` : null;
  } catch {
    return null;
  }
}
