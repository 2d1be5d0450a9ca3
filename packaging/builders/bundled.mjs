// The command line as few files of JavaScript, made anew for each build of packages.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bundleOptions } from '../../scripts/setup/bundle.mjs';
import { Payload } from './payload.mjs';

/** The package that a file of node_modules belongs to, as package-lock.json names it; null for our own files. */
function packageOf(path) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? null;
}

/** Bundles the checkout: `payload` with the files below `dist/bundle`, and `packages`: what of npm went into them. */
export async function bundleProgram(root) {
  const { build } = await import('esbuild');
  const { metafile, outputFiles } = await build(bundleOptions(root, join(root, 'dist', 'bundle')));
  const payload = new Payload();
  for (const { path, contents } of outputFiles) payload.addContent(relative(root, path), contents);
  // Only what made it into the output: much that is read is not used.
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const names = [...new Set(used.map(packageOf))].filter((path) => path !== null).sort();
  return {
    payload,
    packages: names.map((path) => ({
      path,
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      directory: join(root, path),
      version: packages[path].version,
      integrity: packages[path].integrity,
    })),
  };
}
