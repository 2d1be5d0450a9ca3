import { join } from 'node:path';
import { expandPath } from './expand.ts';
import { isFile } from './find-executable.ts';
import { readFlags, valuesOf } from './flags.ts';
import type { LaunchTracer } from './tracing.ts';

const MANIFESTS = [
  'go.mod',
  'go.sum',
  'Cargo.toml',
  'Cargo.lock',
  'Package.swift',
  'Package.resolved',
  'global.json',
  'packages.lock.json',
] as const;
const VALUES = ['-C', '--manifest-path', '--project', '-p', '--package', '--bin', '--package-path'] as const;

/** `go run` and the like compile sources at the start: manifests are sealed, the program is not known. */
export const traceBuild: LaunchTracer = (tracing, { name, args, cwd }) => {
  const { flags, words } = readFlags(args, { values: new Set<string>(VALUES) });
  const named = valuesOf(flags, '-C', '--project', '--package-path').at(-1) ?? '.';
  const directory = expandPath(named, cwd, tracing.place);
  for (const file of MANIFESTS) {
    const path = join(directory ?? cwd, file);
    if (isFile(path)) tracing.set.addFile('lockfile', path);
  }
  for (const file of valuesOf(flags, '--manifest-path')) tracing.namedFile('lockfile', file, cwd);
  const [target = ''] = words;
  tracing.fileArguments(words, cwd);
  const reason =
    name.startsWith('dnx') || name === 'dotnet tool'
      ? 'tool is fetched when the server starts'
      : 'program is built from its sources when the server starts';
  tracing.set.addUnresolved(target === '' ? name : target, reason);
  return { serverArgs: words.slice(1) };
};
