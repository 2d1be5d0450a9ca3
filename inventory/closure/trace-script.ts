import { dirname, join } from 'node:path';
import type { ArtefactRole } from '../../wire/index.ts';
import { readRegular } from '../config/read.ts';
import { MAX_SCRIPT_BYTES } from '../limits.ts';
import type { ArtefactSet } from './artefacts.ts';
import { expandPath, type LaunchPlace } from './expand.ts';
import { isFile } from './find-executable.ts';
import { packageOf } from './installed.ts';
import { grammarOf, isShell } from './launcher.ts';
import { importedFiles, languageOf, type ScriptLanguage } from './script-imports.ts';

const LOCK_FILES = [
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'deno.json',
  'deno.lock',
  'pyproject.toml',
  'requirements.txt',
  'uv.lock',
  'poetry.lock',
] as const;

/** Follows scripts to what they import; the text of shell scripts is handed on. */
export class ScriptTracer {
  readonly #set: ArtefactSet;
  readonly #place: LaunchPlace;
  readonly #onShellText: (text: string, cwd: string, ownDirectory: string) => void;
  readonly #searched = new Set<string>();

  constructor(
    set: ArtefactSet,
    place: LaunchPlace,
    onShellText: (text: string, cwd: string, ownDirectory: string) => void,
  ) {
    this.#set = set;
    this.#place = place;
    this.#onShellText = onShellText;
  }

  /** Adds a script with its helpers, or the whole package that it belongs to; answers its real path. */
  addScript(
    role: ArtefactRole,
    word: string,
    cwd: string,
    language: ScriptLanguage,
    withLocks = false,
  ): string | null {
    const path = expandPath(word, cwd, this.#place);
    if (path === null) {
      this.#set.addUnresolved(word, `${role} depends on a variable that is not known`);
      return null;
    }
    const named = isFile(path)
      ? path
      : (['.js', '.mjs', '.cjs', '/index.js'].map((end) => path + end).find(isFile) ?? path);
    const realPath = this.#set.addFile(role, named);
    if (realPath === null) return null;
    const text = this.readText(realPath);
    if (text !== null) this.addContents(realPath, text, languageOf(realPath) ?? language, cwd);
    if (withLocks && packageOf(realPath) === null) this.addLockFiles(dirname(realPath));
    return realPath;
  }

  addContents(path: string, text: string, language: ScriptLanguage | null, cwd: string): void {
    const installed = packageOf(path);
    if (installed !== null) {
      this.#set.addPackage(installed.name, installed.directory);
      return;
    }
    if (this.#searched.has(path) || language === null) return;
    this.#searched.add(path);
    if (language === 'shell') {
      this.#onShellText(text, cwd, dirname(path));
      return;
    }
    this.#imports(path, text, language);
  }

  /** Relative imports, transitively; an explicit queue, since a chain may be as long as the attacker likes. */
  #imports(path: string, text: string, language: ScriptLanguage): void {
    const queue = [{ path, text }];
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
      for (const file of importedFiles(item.path, item.text, language, dirname(path))) {
        const realPath = this.#set.addFile('helper', file);
        if (realPath === null || this.#searched.has(realPath)) continue;
        this.#searched.add(realPath);
        const next = this.readText(realPath);
        if (next !== null) queue.push({ path: realPath, text: next });
      }
    }
  }

  /** The nearest manifest above a project's own script, and the lock files beside it. */
  addLockFiles(directory: string): void {
    const stop = this.#place.project ?? this.#place.home;
    for (let here = directory; ; here = dirname(here)) {
      const found = LOCK_FILES.map((name) => join(here, name)).filter(isFile);
      for (const file of found) this.#set.addFile('lockfile', file);
      if (found.length > 0 || here === stop || here === dirname(here)) return;
    }
  }

  readText(realPath: string): string | null {
    try {
      return readRegular(realPath, MAX_SCRIPT_BYTES)?.toString('utf8') ?? null;
    } catch {
      return null;
    }
  }
}

/** The language that an interpreter reads. */
export function languageFor(interpreter: string): ScriptLanguage | null {
  if (isShell(interpreter)) return 'shell';
  const grammar = grammarOf(interpreter);
  if (grammar === null) return null;
  return grammar.module.includes('-m') ? 'python' : 'javascript';
}
