import { extname } from 'node:path';

export type ScriptLanguage = 'javascript' | 'python' | 'shell';

/** One name that a script imports. */
export interface JavascriptImport {
  readonly specifier: string;
  /** The code asks for it, as far as reading without running can tell: not in a comment, not a type. */
  readonly sure: boolean;
}

/** `from a.b import c`: two dots before `a` climb one directory. */
export interface PythonImport {
  readonly dots: number;
  readonly module: string;
  readonly names: readonly string[];
  /** At the start of a line: neither optional in a `try` nor late in a function. */
  readonly sure: boolean;
}

const SPECIFIER = `(["'\`])([^"'\`\\s]{1,500})\\1`;
/** Every way to name a module by a literal; matches in comments and strings only add candidates. */
const JS_IMPORT = new RegExp(
  `(?:\\bfrom\\s*|\\bimport\\s*\\(?\\s*|\\brequire(?:\\.resolve)?\\s*\\(\\s*|\\bimport\\.meta\\.resolve\\s*\\(\\s*)${SPECIFIER}`,
  'g',
);
const JS_URL = new RegExp(`\\bnew\\s+URL\\s*\\(\\s*${SPECIFIER}\\s*,\\s*import\\.meta\\.url`, 'g');
/** Static imports that are no types, and plain requires: what they name must be there. */
const JS_SURE = new RegExp(
  `^[ \\t]*(?:import\\s*(?!type\\b)(?:[\\w*{][^;"'\`()]{0,600}?\\bfrom\\s*)?|export\\s*(?!type\\b)[*{][^;"'\`()]{0,600}?\\bfrom\\s*|(?:const|let|var)\\s[^=;\\n]{1,200}=\\s*require\\s*\\(\\s*)${SPECIFIER}`,
  'gm',
);
const PYTHON_IMPORT =
  /^([ \t]*)(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]{0,2000}\)|[^\n#]*)|import[ \t]+([^\n#]*))/gm;
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
  '.pyw': 'python',
  '.sh': 'shell',
  '.bash': 'shell',
  '.zsh': 'shell',
};

export function languageOf(path: string): ScriptLanguage | null {
  return BY_EXTENSION[extname(path).toLowerCase()] ?? null;
}

/** Names that a JavaScript or TypeScript text imports by a literal, each once. */
export function javascriptImports(text: string): readonly JavascriptImport[] {
  const found = new Map<string, boolean>();
  for (const match of text.matchAll(JS_IMPORT)) found.set(match[2] ?? '', false);
  for (const match of text.matchAll(JS_URL)) {
    const path = match[2] ?? '';
    if (/^\.{0,2}\//.test(path)) found.set(path, false);
    else if (!/^[a-z]+:/i.test(path)) found.set(`./${path}`, false);
  }
  const code = withoutComments(text);
  for (const match of code.matchAll(JS_SURE)) found.set(match[2] ?? '', true);
  found.delete('');
  return Array.from(found, ([specifier, sure]) => ({ specifier, sure }));
}

/** JavaScript with its comments blanked: one pass, since the text may be hostile; a regex may mislead it. */
function withoutComments(text: string): string {
  let code = '';
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '"' || char === "'" || char === '`') at = endOfString(text, at);
    else if (char === '/' && (text.charAt(at + 1) === '/' || text.charAt(at + 1) === '*')) {
      const closing = text.charAt(at + 1) === '/' ? '\n' : '*/';
      const end = text.indexOf(closing, at + 2);
      code += `${text.slice(start, at)} `;
      start = end < 0 ? text.length : closing === '\n' ? end : end + 2;
      at = start - 1;
    }
  }
  return code + text.slice(start);
}

/** Index of the closing quote; a quote or apostrophe that its line does not close is no string. */
function endOfString(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\\') at += 1;
    else if (char === quote) return at;
    else if (char === '\n' && quote !== '`') return start;
  }
  return quote === '`' ? text.length : start;
}

/** Import statements of a Python text. */
export function pythonImports(text: string): readonly PythonImport[] {
  const firstWord = (name: string) => name.trim().split(/\s/)[0] ?? '';
  return Array.from(text.matchAll(PYTHON_IMPORT)).flatMap(([, indent, from, names = '', plain = '']) => {
    const sure = indent === '';
    if (from === undefined)
      return plain.split(',').map((name) => ({ dots: 0, module: firstWord(name), names: [], sure }));
    const dots = /^\.*/.exec(from)?.[0].length ?? 0;
    const imported = names
      .replace(/[()\\]/g, '')
      .replace(/#[^\n]*/g, '')
      .split(',')
      .map(firstWord);
    return [{ dots, module: from.slice(dots), names: imported.filter((name) => /^\w+$/.test(name)), sure }];
  });
}

/** The inline metadata of a script (PEP 723). */
export function hasInlineMetadata(text: string): boolean {
  return /^# \/\/\/ script\s*$/m.test(text);
}
