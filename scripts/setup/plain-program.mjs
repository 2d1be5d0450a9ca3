// Programs in C that need a compiler and the C library alone, and run on Linux.
import { join } from 'node:path';
import { prepareNative } from './native.mjs';

const NEEDS = { tools: ['make', 'cc'], headers: ['stdio.h'], packages: ['make', 'gcc', 'libc6-dev'] };

/**
 * What brings such a program up to date with its sources, as prepareNative: those in `folder`, below the root, become
 * `dist`/PART/`product`. `elsewhere` says why there is none on other systems.
 */
export function plainProgram({ folder, part, product, log, elsewhere }) {
  return ({
    root,
    out = join(root, 'dist', part),
    log: logFile = join(root, '.cache', log),
    mayInstall = false,
    variables = [],
  }) =>
    prepareNative({
      folder: join(root, ...folder),
      products: [product],
      needs: NEEDS,
      out,
      log: logFile,
      mayInstall,
      never: process.platform === 'linux' ? null : elsewhere,
      variables,
    });
}
