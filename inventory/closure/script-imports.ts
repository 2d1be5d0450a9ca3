import { dirname, extname, join } from 'node:path';
import { isFile } from './find-executable.ts';

export type ScriptLanguage = 'javascript' | 'python' | 'shell';

const JS_SPECIFIER =
  /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(["'`])(\.{1,2}\/[^"'`\n]{0,500}|\.{1,2})\1/g;
const PYTHON_IMPORT = /^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+([^\n#]*)|import[ \t]+([^\n#]*))/gm;
const JS_ENDINGS = [
  '',
  '.js',
  '.mjs',
  '.cjs',
  '.ts',
  '.mts',
  '.cts',
  '.tsx',
  '.jsx',
  '.json',
  '/index.js',
  '/index.mjs',
  '/index.cjs',
  '/index.ts',
] as const;
const BY_EXTENSION: Readonly<Record<string, ScriptLanguage>> = {
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.ts': 'javascript',
  '.mts': 'javascript',
  '.cts': 'javascript',
  '.tsx': 'javascript',
  '.jsx': 'javascript',
  '.py': 'python',
  '.sh': 'shell',
  '.bash': 'shell',
  '.zsh': 'shell',
};

export function languageOf(path: string): ScriptLanguage | null {
  return BY_EXTENSION[extname(path).toLowerCase()] ?? null;
}

/** Existing files that a script imports by a relative name; `root` is where Python looks for modules. */
export function importedFiles(
  path: string,
  text: string,
  language: ScriptLanguage,
  root: string,
): readonly string[] {
  if (language === 'javascript') return javascriptImports(dirname(path), text);
  return language === 'python' ? pythonImports(dirname(path), text, root) : [];
}

function javascriptImports(directory: string, text: string): readonly string[] {
  return Array.from(text.matchAll(JS_SPECIFIER), (match) => match[2] ?? '').flatMap((specifier) => {
    const base = join(directory, specifier.replace(/[?#].*$/, ''));
    const candidates = JS_ENDINGS.map((ending) => base + ending);
    // TypeScript spells the import of x.ts as x.js.
    candidates.push(base.replace(/\.([mc]?)js$/, '.$1ts'));
    const found = candidates.find(isFile);
    return found === undefined ? [] : [found];
  });
}

function pythonImports(directory: string, text: string, root: string): readonly string[] {
  const files = new Set<string>();
  for (const [, from, names = '', plain = ''] of text.matchAll(PYTHON_IMPORT)) {
    const modules = plain.split(',').map((name) => name.trim().split(/\s/)[0] ?? '');
    if (from === undefined) for (const name of modules) addModule(root, name);
    else {
      const dots = /^\.*/.exec(from)?.[0].length ?? 0;
      const base = dots === 0 ? root : join(directory, ...Array<string>(dots - 1).fill('..'));
      const module = from.slice(dots);
      addModule(base, module);
      for (const name of names.replace(/[()]/g, '').split(',')) {
        addModule(base, [module, name.trim().split(/\s/)[0] ?? ''].filter(Boolean).join('.'));
      }
    }
  }
  return [...files];

  function addModule(base: string, dotted: string): void {
    if (!/^[\w.]+$/.test(dotted)) return;
    const parts = dotted.split('.').filter(Boolean);
    for (let length = 1; length <= parts.length; length += 1) {
      const stem = join(base, ...parts.slice(0, length));
      for (const file of [`${stem}.py`, join(stem, '__init__.py')]) if (isFile(file)) files.add(file);
    }
  }
}
