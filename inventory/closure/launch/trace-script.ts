import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ArtefactRole } from '../../../wire/index.ts';
import { MAX_IMPORTS, MAX_SCRIPT_BYTES, MAX_SEARCHED_SCRIPTS } from '../../limits.ts';
import type { ArtefactSet } from '../artefacts.ts';
import { sourceFile } from '../packages/javascript-modules.ts';
import type { NpmPackages } from '../packages/npm-packages.ts';
import { packageOf } from '../packages/package-graph.ts';
import type { PythonHome, PythonPackages } from '../packages/python-packages.ts';
import { expandPath, type LaunchPlace } from './expand.ts';
import { isFile } from './find-executable.ts';
import { grammarOf } from './interpreter-grammar.ts';
import { isShell } from './launcher.ts';
import {
  type JavascriptImport,
  javascriptImports,
  languageOf,
  type PythonImport,
  pythonImports,
  type ScriptLanguage,
} from './script-imports.ts';
import type { ClosureMemory } from './script-sources.ts';

const LOCK_FILES = [
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'bun.lockb',
  'bunfig.toml',
  'deno.json',
  'deno.jsonc',
  'deno.lock',
  'tsconfig.json',
  'pyproject.toml',
  'requirements.txt',
  'uv.lock',
  'uv.toml',
  'poetry.lock',
  'pdm.lock',
  'Pipfile.lock',
] as const;
const NO_HOME: PythonHome = { environment: null, own: [], sites: [] };

export interface ScriptOptions {
  /** Also the project's manifest and lock files. */
  readonly withLocks?: boolean;
  /** Where Python looks for what is imported. */
  readonly python?: PythonHome;
}

/** What a ScriptTracer puts artefacts into and asks. */
export interface ScriptCollaborators {
  readonly set: ArtefactSet;
  readonly place: LaunchPlace;
  readonly npm: NpmPackages;
  readonly python: PythonPackages;
  readonly memory: ClosureMemory;
  readonly onShellText: (text: string, cwd: string, ownDirectory: string) => void;
}

/** Follows scripts to what they import; the text of shell scripts is handed on. */
export class ScriptTracer {
  readonly #with: ScriptCollaborators;
  readonly #searched = new Set<string>();

  constructor(collaborators: ScriptCollaborators) {
    this.#with = collaborators;
  }

  /** Adds a script with its helpers, or the whole package that it belongs to; answers its real path. */
  addScript(
    role: ArtefactRole,
    word: string,
    cwd: string,
    language: ScriptLanguage | null,
    { withLocks = false, python = NO_HOME }: ScriptOptions = {},
  ): string | null {
    const { set, place } = this.#with;
    const path = expandPath(word, cwd, place);
    if (path === null) {
      set.addUnresolved(word, `${role} depends on a variable that is not known`);
      return null;
    }
    const named = isFile(path) ? path : ((language === 'javascript' ? sourceFile(path, cwd) : null) ?? path);
    const realPath = set.addFile(role, named);
    if (realPath === null) return null;
    this.addContents(realPath, languageOf(realPath) ?? language, cwd, python);
    if (withLocks && packageOf(realPath) === null) this.addLockFiles(dirname(realPath));
    return realPath;
  }

  /** What code given on the command line imports: `node -e TEXT`, `python -c TEXT`. */
  addInline(
    text: string,
    cwd: string,
    language: 'javascript' | 'python',
    python: PythonHome = NO_HOME,
  ): void {
    const roots = [cwd, ...python.own];
    const imported =
      language === 'javascript'
        ? this.#javascriptFiles(javascriptImports(text), cwd)
        : this.#pythonFiles(pythonImports(text.replaceAll(';', '\n')), cwd, roots, python);
    for (const file of imported) this.addScript('helper', file, cwd, language, { python });
  }

  /** What a script, already an artefact, brings with it. */
  addContents(
    path: string,
    language: ScriptLanguage | null,
    cwd: string,
    python: PythonHome = NO_HOME,
  ): void {
    const { npm, set, memory, onShellText } = this.#with;
    const installed = packageOf(path);
    if (installed !== null) {
      npm.addWithDependencies(installed);
      return;
    }
    if (this.#searched.has(path) || language === null) return;
    this.#searched.add(path);
    if (language === 'shell') {
      const text = memory.sources.text(path);
      if (text === null) set.addUnresolved(basename(path), NOT_SEARCHED);
      else onShellText(text, cwd, dirname(path));
      return;
    }
    this.#follow(path, language, python);
  }

  /** Imports, transitively; an explicit queue, since a chain may be as long as the attacker likes. */
  #follow(start: string, language: 'javascript' | 'python', python: PythonHome): void {
    const { set } = this.#with;
    const roots = [dirname(start), ...python.own];
    const queue = [start];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      const files = language === 'javascript' ? this.#javascript(path) : this.#python(path, roots, python);
      for (const file of files) {
        const realPath = set.addFile('helper', file);
        if (realPath === null || this.#searched.has(realPath)) continue;
        if (this.#searched.size >= MAX_SEARCHED_SCRIPTS) {
          set.addUnresolved('', `more than ${MAX_SEARCHED_SCRIPTS} scripts; the others are not searched`);
          return;
        }
        this.#searched.add(realPath);
        const installed = packageOf(realPath);
        if (installed !== null) this.#with.npm.addWithDependencies(installed);
        else if (languageOf(realPath) === language) queue.push(realPath);
      }
    }
  }

  #javascript(path: string): readonly string[] {
    const imports = this.#with.memory.sources.javascript(path);
    if (imports === null) this.#with.set.addUnresolved(basename(path), NOT_SEARCHED);
    return this.#javascriptFiles(imports ?? [], dirname(path));
  }

  /** Files that JavaScript imports; its packages go into the closure. */
  #javascriptFiles(imports: readonly JavascriptImport[], directory: string): readonly string[] {
    const { memory, npm, set } = this.#with;
    return imports.flatMap(({ specifier, sure }) => {
      const found = memory.modules.resolve(specifier, directory);
      if (found.kind === 'files') return found.files;
      if (found.kind === 'package') {
        if (!npm.addImported(found.name, directory)) set.addAbsent(specifier, NOT_FOUND);
      } else if (sure && found.kind === 'fetched') {
        set.addAbsent(specifier, 'imported module is fetched when the server starts');
      } else if (sure && found.kind === 'missing') set.addAbsent(specifier, NOT_FOUND);
      return [];
    });
  }

  #python(path: string, roots: readonly string[], home: PythonHome): readonly string[] {
    const imports = this.#with.memory.sources.python(path);
    if (imports === null) this.#with.set.addUnresolved(basename(path), NOT_SEARCHED);
    return this.#pythonFiles(imports ?? [], dirname(path), roots, home);
  }

  /** Modules beside the code are files to follow; installed ones go into the closure. */
  #pythonFiles(
    imports: readonly PythonImport[],
    directory: string,
    roots: readonly string[],
    home: PythonHome,
  ): readonly string[] {
    const { python, set } = this.#with;
    return imports.flatMap((item) => {
      const climbed = join(directory, ...Array<string>(Math.max(0, item.dots - 1)).fill('..'));
      const bases = item.dots === 0 ? roots : [climbed];
      const files = bases.flatMap((base) => moduleFiles(base, item));
      if (files.length > 0 || item.dots > 0 || !/^\w/.test(item.module)) return files;
      if (!python.addModule(item.module, home) && item.sure && !isNamespace(roots, item))
        set.addAbsent(item.module.split('.')[0] ?? '', 'imported python module is not found');
      return [];
    });
  }

  /** The nearest manifest above a project's own script, and the lock files beside it. */
  addLockFiles(directory: string): void {
    const stop = this.#with.place.project ?? this.#with.place.home;
    const { lockFiles } = this.#with.memory;
    for (let here = directory; ; here = dirname(here)) {
      const found = lockFiles.get(here) ?? LOCK_FILES.map((name) => join(here, name)).filter(isFile);
      lockFiles.set(here, found);
      for (const file of found) this.#with.set.addFile('lockfile', file);
      if (found.length > 0 || here === stop || here === dirname(here)) return;
    }
  }

  /** The start of a file's first line; null where it cannot be read. */
  firstLine(realPath: string): string | null {
    return this.#with.memory.sources.firstLine(realPath);
  }

  readText(realPath: string): string | null {
    return this.#with.memory.sources.text(realPath);
  }
}

const NOT_SEARCHED = `over ${MAX_SCRIPT_BYTES} bytes or ${MAX_IMPORTS} imports, or unreadable; its imports are not searched`;
const NOT_FOUND = 'imported module is not found';

/** Files of a module below a directory: itself, the packages on the way, and the names taken from it. */
function moduleFiles(base: string, { module, names }: PythonImport): readonly string[] {
  const files = new Set<string>();
  const dotted = [module, ...names.map((name) => [module, name].filter(Boolean).join('.'))];
  for (const name of dotted) {
    if (!/^[\w.]*$/.test(name)) continue;
    const parts = name.split('.').filter(Boolean);
    for (let length = 0; length <= parts.length; length += 1) {
      const stem = join(base, ...parts.slice(0, length));
      const candidates = length === 0 ? [] : [`${stem}.py`, join(stem, '__init__.py')];
      for (const file of candidates) if (isFile(file)) files.add(file);
    }
  }
  return [...files];
}

/** A directory without `__init__.py` is a module as well (PEP 420). */
function isNamespace(roots: readonly string[], { module }: PythonImport): boolean {
  const [top = ''] = module.split('.');
  return roots.some((root) => existsSync(join(root, top)));
}

/** The language that an interpreter reads. */
export function languageFor(interpreter: string): ScriptLanguage | null {
  if (isShell(interpreter)) return 'shell';
  const language = grammarOf(interpreter)?.language ?? null;
  return language === 'other' ? null : language;
}
