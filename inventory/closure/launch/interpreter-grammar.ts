import { commandName } from './command-name.ts';

/** Options of an interpreter that matter for finding its script. */
export interface InterpreterGrammar {
  readonly language: 'javascript' | 'python' | 'other';
  /** Flags whose value is code from a file or package: `--require x`. */
  readonly code: readonly string[];
  /** Flags whose value is an env file. */
  readonly envFile: readonly string[];
  /** Flags whose value is a settings file that decides what is loaded. */
  readonly settings: readonly string[];
  /** Flags whose value is something else. */
  readonly value: readonly string[];
  /** Flags that hold the program itself, after which there is no script. */
  readonly inline: readonly string[];
  /** Flags that name a module instead of a script. */
  readonly module: readonly string[];
  /** Flags whose value is a list of places where code is looked for. */
  readonly searched: readonly string[];
  /** Words before the script: `deno run x.ts`. */
  readonly verbs: readonly string[];
}

const NODE: InterpreterGrammar = {
  language: 'javascript',
  code: ['-r', '--require', '--import', '--loader', '--experimental-loader', '--preload'],
  envFile: ['--env-file', '--env-file-if-exists'],
  settings: [
    '--tsconfig',
    '-P',
    '--project',
    '--experimental-config-file',
    '--config',
    '--import-map',
    '--lock',
  ],
  value: ['-C', '--conditions', '--input-type', '--title', '--inspect-port', '--cwd', '-O'],
  inline: ['-e', '--eval', '-p', '--print', '-pe'],
  module: [],
  searched: [],
  verbs: ['run', 'watch'],
};
const DENO: InterpreterGrammar = {
  ...NODE,
  code: ['--preload', '--import', '--require'],
  settings: ['-c', '--config', '--import-map', '--lock'],
  value: ['-L', '--log-level', '--ext', '--cert', '--location', '--seed'],
  inline: ['--eval'],
  verbs: ['run', 'serve'],
};
const PYTHON: InterpreterGrammar = {
  language: 'python',
  code: [],
  envFile: [],
  settings: [],
  value: ['-W', '-X', '--check-hash-based-pycs'],
  inline: ['-c'],
  module: ['-m'],
  searched: [],
  verbs: [],
};
const OTHER: InterpreterGrammar = {
  language: 'other',
  code: ['-r', '-javaagent'],
  envFile: [],
  settings: ['--settings', '--runtimeconfig', '--depsfile', '--additional-deps'],
  value: ['-I', '--add-modules', '--fx-version', '--roll-forward'],
  inline: ['-e'],
  module: [],
  searched: ['-cp', '-classpath', '--class-path', '-p', '--module-path'],
  verbs: ['run', 'exec', '-jar'],
};

const INTERPRETERS: Readonly<Record<string, InterpreterGrammar>> = {
  node: NODE,
  nodejs: NODE,
  bun: { ...NODE, settings: ['-c', '--config', '--tsconfig-override'] },
  deno: DENO,
  tsx: NODE,
  'ts-node': NODE,
  'ts-node-esm': NODE,
  python: PYTHON,
  pythonw: PYTHON,
  py: PYTHON,
  pypy: PYTHON,
  ruby: OTHER,
  perl: OTHER,
  php: OTHER,
  java: OTHER,
  dotnet: OTHER,
  Rscript: OTHER,
  lua: OTHER,
  mono: OTHER,
};

/** How an interpreter's command line is read; `python3.12` is read like `python`. */
export function grammarOf(command: string): InterpreterGrammar | null {
  const name = commandName(command);
  const family = name.replace(/[\d.]+$/, '');
  if (Object.hasOwn(INTERPRETERS, name)) return INTERPRETERS[name] ?? null;
  return Object.hasOwn(INTERPRETERS, family) ? (INTERPRETERS[family] ?? null) : null;
}
