import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';

/** Bytes read of a script or manifest: of a larger script its start has to do. */
const MAX_READ_BYTES = 256 * 1024;
/** Directories climbed from a script to its package. */
const MAX_CLIMB = 16;
/** Packages by which a server speaks MCP. */
const SDKS = [
  '@modelcontextprotocol/sdk',
  '@modelcontextprotocol/server',
  'fastmcp',
  'mcp-framework',
] as const;
/** Entry of a package that names none, as nodejs.org/api/packages.html has it. */
const DEFAULT_ENTRY = 'index.js';

const text = z.string().max(2_000);
const manifestSchema = z.object({
  name: text,
  description: text.catch(''),
  keywords: z.array(text).catch([]),
  main: text.catch(DEFAULT_ENTRY),
  bin: z
    .union([text.transform((path) => [path]), z.record(z.string(), text).transform(Object.values)])
    .catch([]),
  dependencies: z.record(z.string(), z.unknown()).catch({}),
  engines: z.record(z.string(), z.unknown()).catch({}),
});

/** The package that a script is of. */
export interface ScriptPackage {
  readonly directory: string;
  readonly name: string;
  /** What it says of itself. */
  readonly about: string;
  /** The script is what the package is run by, not one of its tools. */
  readonly isEntry: boolean;
  /** The library for MCP that it depends on at run time; null where there is none. */
  readonly sdk: string | null;
  /** It was installed from a registry. */
  readonly installed: boolean;
  /** It is an extension of an editor, whose client of MCP may be all that it needs the library for. */
  readonly isExtension: boolean;
}

/** The start of a regular file and its real path; null where there is none. Never waits for a pipe or device. */
export function readStart(path: string): { readonly path: string; readonly text: string } | null {
  let fd: number | null = null;
  try {
    const real = realpathSync.native(path);
    fd = openSync(
      real,
      constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY,
    );
    const stat = fstatSync(fd);
    if (!stat.isFile()) return null;
    const buffer = Buffer.alloc(Math.min(stat.size, MAX_READ_BYTES));
    return { path: real, text: buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, 0)) };
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** The nearest package with a name above a script, given by its real path. */
export function packageOf(script: string): ScriptPackage | null {
  let directory = dirname(script);
  for (let climbed = 0; climbed < MAX_CLIMB; climbed += 1) {
    const manifest = manifestOf(directory);
    if (manifest !== null) return packageFrom(directory, manifest, script);
    if (directory === dirname(directory)) return null;
    directory = dirname(directory);
  }
  return null;
}

function manifestOf(directory: string): z.infer<typeof manifestSchema> | null {
  const found = readStart(join(directory, 'package.json'));
  if (found === null) return null;
  try {
    return manifestSchema.safeParse(JSON.parse(found.text)).data ?? null;
  } catch {
    return null;
  }
}

function packageFrom(
  directory: string,
  { name, description, keywords, main, bin, dependencies, engines }: z.infer<typeof manifestSchema>,
  script: string,
): ScriptPackage {
  const entries = [...bin, main].flatMap((path) => {
    const stem = resolve(directory, path);
    return [stem, `${stem}.js`, join(stem, DEFAULT_ENTRY)];
  });
  return {
    directory,
    name,
    about: [name, description, ...keywords].join('\n'),
    isEntry: entries.includes(script),
    sdk: SDKS.find((sdk) => Object.hasOwn(dependencies, sdk)) ?? null,
    installed: directory.includes('/node_modules/'),
    isExtension: Object.hasOwn(engines, 'vscode'),
  };
}
