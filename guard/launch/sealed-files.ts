import { realpathSync } from 'node:fs';
import { type HashCache, listTree } from '../../inventory/index.ts';
import type { Artefact } from '../../wire/index.ts';

/** What may be loaded while a server starts, file by file. */
export interface SealedFiles {
  /** SHA-256 by absolute real path. */
  readonly files: ReadonlyMap<string, string>;
  /** Names that must lead to one of the files: links among them. */
  readonly names: readonly string[];
  /** Directories of which only listed files may be read. */
  readonly trees: readonly string[];
  /** Files and directories below them that their digests leave out. */
  readonly exempt: readonly string[];
}

/** An artefact is no longer what the closure was judged by. */
export interface ChangedSince {
  readonly changed: string;
}

/**
 * The files of a closure with the digests that its own is made of: packages, which a closure holds as one digest,
 * are listed anew, and count only where they still give that digest. So whoever holds a loader to this list holds it
 * to the closure. `names` are paths of the command line, of which those count that lead to any of it.
 */
export function sealedFiles(
  artefacts: readonly Artefact[],
  names: readonly string[],
  cache: HashCache,
): SealedFiles | ChangedSince {
  const files = new Map<string, string>();
  const trees: string[] = [];
  const exempt: string[] = [];
  for (const { role, path, sha256 } of artefacts) {
    if (sha256 === null || role === 'config' || role === 'image') continue;
    if (role !== 'package') {
      files.set(path, sha256);
      continue;
    }
    const tree = listTree(path, cache);
    if ('reason' in tree || tree.sha256 !== sha256) return { changed: path };
    trees.push(path);
    exempt.push(...tree.leftOut);
    for (const [file, digest] of tree.files) files.set(file, digest);
  }
  return { files, names: names.filter((name) => leadsTo(name, files, trees)), trees, exempt };
}

/** Whether a name leads to what is held; others are words, or data that the closure does not hold. */
function leadsTo(name: string, files: ReadonlyMap<string, string>, trees: readonly string[]): boolean {
  try {
    const path = realpathSync(name);
    return files.has(path) || trees.some((tree) => path === tree || path.startsWith(`${tree}/`));
  } catch {
    return false;
  }
}
