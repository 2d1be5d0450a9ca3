import { dirname, extname, join, resolve } from 'node:path';
import { javascriptImports, pythonImports } from '../../inventory/index.ts';
import { readStart } from './mcp-packages.ts';

/** Files of one program that are read to find what it imports. */
const MAX_FILES = 16;
const JAVASCRIPT_SERVER =
  /^(?:@modelcontextprotocol\/(?:sdk\/(?:dist\/(?:esm|cjs)\/)?server|server)(?:[/.-]|$)|@modelcontextprotocol\/sdk$|fastmcp$|mcp-framework$)/;
/** What a server looks like once its modules are bundled into one file. */
const BUNDLED_SERVER = /\bStdioServerTransport\b/;
const PYTHON_SERVER = /^(?:mcp\.server(?:\.|$)|fastmcp(?:\.server(?:\.|$)|$))/;
/** `import mcp` and `from mcp import …` are as good for a client. */
const PYTHON_CLIENT =
  /\b(?:ClientSession|StdioServerParameters|stdio_client)\b|\bfastmcp\s+import\s+Client\b/;
const JAVASCRIPT_ENDINGS = ['', '.js', '.mjs', '.cjs', '.ts', '/index.js', '/index.ts'] as const;

export type ImportLanguage = 'javascript' | 'python';

/** What of MCP's server libraries a text imports, and which files beside it it names. */
interface Imports {
  readonly server: string | null;
  readonly files: readonly string[];
}

/** The server library of MCP that a script imports, itself or by the files beside it; null where there is none. */
export function serverImport(script: string, language: ImportLanguage): string | null {
  const queue = [script];
  const read = new Set<string>();
  for (let path = queue.shift(); path !== undefined && read.size < MAX_FILES; path = queue.shift()) {
    const found = readStart(path);
    if (found === null || read.has(found.path)) continue;
    read.add(found.path);
    const { server, files } = importsOf(found.text, language, dirname(found.path));
    if (server !== null) return server;
    queue.push(...files.slice(0, MAX_FILES * JAVASCRIPT_ENDINGS.length));
  }
  return null;
}

/** The same of code that stands on a command line. */
export function serverImportOf(code: string, language: ImportLanguage): string | null {
  return importsOf(language === 'python' ? code.replaceAll(';', '\n') : code, language, '/').server;
}

function importsOf(text: string, language: ImportLanguage, directory: string): Imports {
  return language === 'python' ? ofPython(text, directory) : ofJavascript(text, directory);
}

function ofJavascript(text: string, directory: string): Imports {
  const specifiers = javascriptImports(text).map(({ specifier }) => specifier);
  const bundled = BUNDLED_SERVER.exec(text)?.[0] ?? null;
  const files = specifiers
    .filter((specifier) => /^\.{1,2}\//.test(specifier))
    .flatMap((specifier) => sources(resolve(directory, specifier)));
  return { server: specifiers.find((each) => JAVASCRIPT_SERVER.test(each)) ?? bundled, files };
}

/** TypeScript that runs unbuilt may name the file as it is called once it is built. */
function sources(path: string): readonly string[] {
  if (extname(path) === '.js') return [path, path.replace(/\.js$/, '.ts')];
  return JAVASCRIPT_ENDINGS.map((ending) => path + ending);
}

function ofPython(text: string, directory: string): Imports {
  const imports = pythonImports(text);
  const names = imports.flatMap(({ dots, module, names }) =>
    dots > 0 ? [] : [module, ...names.map((name) => `${module}.${name}`)],
  );
  const isClient = PYTHON_CLIENT.test(text);
  const server = names.find((name) =>
    isClient ? /^mcp\.server/.test(name) : PYTHON_SERVER.test(name) || name === 'mcp',
  );
  const files = imports.flatMap(({ dots, module, names }) => {
    const base = join(directory, ...Array<string>(Math.max(0, dots - 1)).fill('..'));
    const modules = module === '' ? names : [module];
    return modules
      .map((name) => join(base, ...name.split('.')))
      .flatMap((stem) => [`${stem}.py`, join(stem, '__init__.py')]);
  });
  return { server: server ?? null, files };
}
