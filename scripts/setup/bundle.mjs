// Joins the command line into few files: a process then opens a dozen of them in place of several hundred.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Packages with parts in machine code, and those that few need: they stay where npm put them. Those of NATS are CommonJS,
 * whose names a bundle does not see where they are imported late.
 */
export const KEPT_APART = ['better-sqlite3', '@parcel/watcher', '@cedar-policy/cedar-wasm', '@nats-io/*'];
/** The command line, and the thread of central's SQLite file, which is started from a file of its own. */
const ENTRIES = [
  { in: 'cli/start.ts', out: 'start' },
  { in: 'central/store/sqlite/worker.ts', out: 'worker' },
];
/** Files of an older build stay this long: a program that still runs may load them yet. */
const KEEP_MS = 24 * 3_600_000;
/** CommonJS packages ask for Node's own modules by `require`. */
const REQUIRE =
  "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);";

/**
 * `@peculiar/x509` needs `reflect-metadata` before it is loaded. As an ES module it would be moved into a chunk that runs
 * before the file that imports both; what is CommonJS runs where it is imported.
 */
const IN_PLACE = { '@peculiar/x509': join('node_modules', '@peculiar', 'x509', 'build', 'x509.cjs.js') };

/**
 * `node:process` as a module costs 10 ms at each start: Node reads every property of it, and so opens the standard
 * streams and loads what they need. The global is the same object.
 */
const GLOBAL_PROCESS = {
  name: 'global-process',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:node:)?process$/ }, () => ({ path: 'process', namespace: 'global' }));
    onLoad({ filter: /./, namespace: 'global' }, () => ({
      contents: 'module.exports = globalThis.process;',
    }));
  },
};

function stampOf(path) {
  const { size, mtimeMs } = statSync(path);
  return `${size}:${mtimeMs}`;
}

function isCurrent(root, stamps) {
  try {
    const kept = Object.entries(JSON.parse(readFileSync(stamps, 'utf8')));
    return kept.length > 0 && kept.every(([path, stamp]) => stampOf(join(root, path)) === stamp);
  } catch {
    return false;
  }
}

/** What esbuild is asked for; nothing is written. The same sources give the same bytes wherever the checkout lies. */
export function bundleOptions(root, directory) {
  return {
    absWorkingDir: root,
    entryPoints: ENTRIES,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.13',
    outdir: directory,
    mainFields: ['module', 'main'],
    external: KEPT_APART,
    alias: Object.fromEntries(Object.entries(IN_PLACE).map(([name, path]) => [name, join(root, path)])),
    // Names of files stand in the output: those that the checkout has, wherever its links lead.
    preserveSymlinks: true,
    plugins: [GLOBAL_PROCESS],
    banner: { js: REQUIRE },
    // The text of the program stays in memory as long as it runs; names stay whole, for traces of errors.
    minifyWhitespace: true,
    metafile: true,
    write: false,
    logLevel: 'silent',
  };
}

/** Bundles the entries into `dist/bundle`; what is current is left alone. Resolves with what was done. */
export async function bundle(root) {
  const directory = join(root, 'dist', 'bundle');
  const stamps = join(root, '.cache', 'bundle.json');
  const entry = join(directory, 'start.js');
  if (isCurrent(root, stamps)) return 'current';
  const { build } = await import('esbuild');
  const { metafile, outputFiles } = await build(bundleOptions(root, directory));
  mkdirSync(directory, { recursive: true });
  // The entry last: whoever starts meanwhile finds all of the old or all of the new.
  const byEntryLast = (a, b) => Number(a.path === entry) - Number(b.path === entry);
  for (const { path, contents } of [...outputFiles].sort(byEntryLast)) writeFileSync(path, contents);
  // Compiled code of what was replaced: nobody asks for it any more.
  rmSync(join(directory, 'compiled'), { recursive: true, force: true });
  removeOld(directory, new Set(outputFiles.map(({ path }) => path)));
  const read = Object.keys(metafile.inputs).filter((path) => !path.startsWith('global:'));
  const inputs = [...read, 'package.json', 'scripts/setup/bundle.mjs', 'dist/bundle/start.js'];
  writeFileSync(
    stamps,
    JSON.stringify(Object.fromEntries(inputs.map((path) => [path, stampOf(join(root, path))]))),
  );
  return 'bundled';
}

function removeOld(directory, wanted) {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (!name.endsWith('.js') || wanted.has(path)) continue;
    if (Date.now() - statSync(path).mtimeMs > KEEP_MS) rmSync(path);
  }
}
