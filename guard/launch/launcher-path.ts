import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The launcher of the installation at `root`; null where it was not built: no Linux, or no compiler. */
export function findLauncher(root: string): string | null {
  const path = join(root, 'dist', 'guard', 'sealwatch-launcher');
  return existsSync(path) ? path : null;
}
