// The files that servers are made of, as a scan tells them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Every file that the closures are made of: single artefacts, and all files of the package trees. */
export function artefactFiles(servers) {
  const files = new Set();
  const roots = new Set();
  for (const { role, path } of servers.flatMap(({ closure }) => closure.artefacts)) {
    if (role === 'package') roots.add(path);
    else if (!['unresolved', 'image'].includes(role)) files.add(path);
  }
  for (const tree of roots) {
    for (const item of readdirSync(tree, { recursive: true, withFileTypes: true })) {
      if (item.isFile()) files.add(join(item.parentPath, item.name));
    }
  }
  return { files: [...files], trees: roots.size };
}
