import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { readRegular } from '../../config/read.ts';
import { MAX_IMPORTS, MAX_SCRIPT_BYTES } from '../../limits.ts';
import { JavascriptModules } from '../packages/javascript-modules.ts';
import { PackageGraph } from '../packages/package-graph.ts';
import { PythonSites } from '../packages/python-sites.ts';
import { Executables } from './find-executable.ts';
import {
  hasInlineMetadata,
  type JavascriptImport,
  javascriptImports,
  type PythonImport,
  pythonImports,
} from './script-imports.ts';

/** Bytes of a first line that the kernel reads (BINPRM_BUF_SIZE in binfmts.h). */
const MAX_SHEBANG_BYTES = 256;

/** What a scan has read of scripts, each once. */
export class ScriptSources {
  readonly #javascript = new Map<string, readonly JavascriptImport[] | null>();
  readonly #python = new Map<string, readonly PythonImport[] | null>();
  readonly #firstLines = new Map<string, string | null>();
  readonly #inline = new Map<string, boolean>();

  /** Names that a script imports; null where it cannot be read or is over MAX_SCRIPT_BYTES or MAX_IMPORTS. */
  javascript(realPath: string): readonly JavascriptImport[] | null {
    return remember(this.#javascript, realPath, () => few(parsed(realPath, javascriptImports)));
  }

  python(realPath: string): readonly PythonImport[] | null {
    return remember(this.#python, realPath, () => few(parsed(realPath, pythonImports)));
  }

  /** Whether a Python script names its own dependencies (PEP 723). */
  hasInlineMetadata(realPath: string): boolean {
    return remember(this.#inline, realPath, () => parsed(realPath, hasInlineMetadata) ?? false);
  }

  /** The first line, cut at MAX_SHEBANG_BYTES; null where the file cannot be read. */
  firstLine(realPath: string): string | null {
    return remember(this.#firstLines, realPath, () => readFirstLine(realPath));
  }

  text(realPath: string): string | null {
    return readText(realPath);
  }
}

function readFirstLine(realPath: string): string | null {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;
  try {
    const fd = openSync(realPath, flags);
    try {
      if (!fstatSync(fd).isFile()) return null;
      const start = Buffer.alloc(MAX_SHEBANG_BYTES);
      const length = readSync(fd, start, 0, start.length, 0);
      return start.toString('utf8', 0, length).split('\n', 1)[0] ?? '';
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

function readText(realPath: string): string | null {
  try {
    return readRegular(realPath, MAX_SCRIPT_BYTES)?.toString('utf8') ?? null;
  } catch {
    return null;
  }
}

function parsed<T>(realPath: string, parse: (text: string) => T): T | null {
  const text = readText(realPath);
  return text === null ? null : parse(text);
}

function few<T>(imports: readonly T[] | null): readonly T[] | null {
  return imports === null || imports.length > MAX_IMPORTS ? null : imports;
}

function remember<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key);
  if (value !== undefined) return value;
  const made = make();
  known.set(key, made);
  return made;
}

/** What the closures of one scan look up again and again: packages, environments, imports. */
export class ClosureMemory {
  readonly packages = new PackageGraph();
  readonly sites = new PythonSites();
  readonly sources = new ScriptSources();
  readonly modules = new JavascriptModules(this.packages);
  readonly executables = new Executables();
  /** Manifests and lock files by their directory. */
  readonly lockFiles = new Map<string, readonly string[]>();
}
