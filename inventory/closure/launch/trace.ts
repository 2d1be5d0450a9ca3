import { basename, join } from 'node:path';
import type { ArtefactRole } from '../../../wire/index.ts';
import { MAX_COMMAND_DEPTH } from '../../limits.ts';
import type { ArtefactSet } from '../artefacts.ts';
import { NpmPackages } from '../packages/npm-packages.ts';
import { importedPackage } from '../packages/package-spec.ts';
import { PythonPackages } from '../packages/python-packages.ts';
import { SealedPackages } from '../packages/sealed-packages.ts';
import { expandPath, expandText, type LaunchPlace } from './expand.ts';
import { type Executables, findExecutable, isFile } from './find-executable.ts';
import { isShell, type LaunchKind, matchLauncher } from './launcher.ts';
import { languageOf } from './script-imports.ts';
import type { ClosureMemory } from './script-sources.ts';
import { readShebang } from './shebang.ts';
import { functionNames, isProgramName, isVariableCommand, loaderAssignments } from './shell-commands.ts';
import { shellCommands } from './shell-words.ts';
import { traceBuild } from './trace-build.ts';
import { traceContainer } from './trace-container.ts';
import { traceDeno, traceInterpreter } from './trace-interpreter.ts';
import { traceNpmRunner, traceNpmScript } from './trace-npm.ts';
import { tracePrefix } from './trace-prefix.ts';
import { traceUvRun, traceUvTool } from './trace-python.ts';
import { languageFor, ScriptTracer } from './trace-script.ts';
import { tracePowershell, traceShell, traceWindowsShell } from './trace-shell.ts';
import type { Call, LaunchTracer, Outcome, ShellTextOptions, TracedCommand, Tracing } from './tracing.ts';

export type { TracedCommand } from './tracing.ts';

const ENV_FILE_NAME = /^\.env(?:\.|$)|\.env$/;
/** `"$0"`, `${BASH_SOURCE[0]}` and `$(dirname …)` of them: the script's own place. */
const OWN_DIRECTORY =
  /\$\(\s*(?:cd\s+)?(?:"?\$\(\s*)?dirname\s+(?:--\s+)?"?\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?\})"?\s*\)(?:"?\s*(?:>\/dev\/null\s*)?(?:&&|;)\s*pwd(?:\s+-P)?\s*\))?/g;
const SHELL_WORDS_OF_A_FILE: ReadonlySet<string> = new Set(['source', '.']);
/** Verbs by which a bare command in a shell text shows itself a launcher. */
const PROBE_VERBS = ['exec', 'run', 'dlx', 'x', 'start'] as const;

/** Prefixes that a shell has built in. */
const SHELL_PREFIXES: ReadonlySet<string> = new Set(['exec', 'time']);
const NODE_PRELOADS: ReadonlySet<string> = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
]);
/** Kinds whose command is the program itself, or its interpreter: `.bin/tsx` is a script of a package. */
const PROGRAMS: ReadonlySet<LaunchKind> = new Set(['direct', 'interpreter', 'deno']);

const traceDirect: LaunchTracer = (tracing, { args, cwd }) => {
  tracing.fileArguments(args, cwd);
  return { serverArgs: args };
};

const TRACERS: Readonly<Record<LaunchKind, LaunchTracer>> = {
  direct: traceDirect,
  interpreter: traceInterpreter,
  deno: traceDeno,
  'npm-runner': traceNpmRunner,
  'npm-script': traceNpmScript,
  'uv-tool': traceUvTool,
  'uv-run': traceUvRun,
  container: traceContainer,
  shell: traceShell,
  'windows-shell': traceWindowsShell,
  powershell: tracePowershell,
  prefix: tracePrefix,
  build: traceBuild,
};

/** Follows a command line to every file that decides what it does, and puts them into an ArtefactSet. */
export class CommandTracer implements Tracing {
  readonly set: ArtefactSet;
  readonly place: LaunchPlace;
  readonly path: string;
  readonly scripts: ScriptTracer;
  readonly #executables: Executables;
  readonly sealed: SealedPackages;
  readonly npm: NpmPackages;
  readonly python: PythonPackages;
  #shellDepth = 0;

  /** `path` is the PATH that the client gives to the server; `memory` is that of the whole scan. */
  constructor(set: ArtefactSet, place: LaunchPlace, path: string, memory: ClosureMemory) {
    this.set = set;
    this.place = place;
    this.path = path;
    this.sealed = new SealedPackages(set);
    this.#executables = memory.executables;
    this.npm = new NpmPackages(set, this.sealed, place, path, memory.packages);
    this.python = new PythonPackages(set, this.sealed, place, memory.sites);
    this.scripts = new ScriptTracer({
      set,
      place,
      npm: this.npm,
      python: this.python,
      memory,
      onShellText: (text, cwd, ownDirectory) => {
        this.#shellDepth += 1;
        this.shellText(text, cwd, this.#shellDepth, { ownDirectory, isInline: false });
        this.#shellDepth -= 1;
      },
    });
  }

  trace(call: Call): TracedCommand {
    const { command, args } = this.#split(call);
    const match = matchLauncher(command, args);
    const outcomeOf = (resolved: string | null): Outcome => {
      if (call.depth >= MAX_COMMAND_DEPTH) return this.#tooDeep();
      const { name, grammar, before, rest } = match;
      const inner = { ...call, command, args: rest, depth: call.depth + 1, name, grammar, before, resolved };
      return TRACERS[match.kind](this, inner);
    };
    const isInterpreter = match.grammar !== null || match.launcher === 'shell';
    const resolved = this.#executable(command, call, isInterpreter, match.kind);
    const outcome = outcomeOf(resolved);
    return {
      resolved,
      launcher: match.launcher,
      serverArgs: outcome.serverArgs ?? match.rest,
      package: outcome.package ?? null,
      script: outcome.script ?? null,
    };
  }

  /** Files that environment variables make a loader or shell read. */
  traceEnvironment(env: Readonly<Record<string, string>>, cwd: string): void {
    this.environment(env, cwd);
  }

  environment(env: Readonly<Record<string, string>>, cwd: string): void {
    const words = (env['NODE_OPTIONS'] ?? '').split(/\s+/).flatMap((text) => text.split('='));
    for (const [index, word] of words.entries()) {
      this.optionalFile('helper', word, cwd);
      if (NODE_PRELOADS.has(words[index - 1] ?? '')) this.#preload(word, cwd);
    }
    for (const word of (env['LD_PRELOAD'] ?? '').split(/[\s:]+/)) this.optionalFile('helper', word, cwd);
    for (const name of ['BASH_ENV', 'ENV', 'PYTHONSTARTUP', 'DYLD_INSERT_LIBRARIES']) {
      const value = env[name];
      if (value === undefined || value === '') continue;
      const language =
        name === 'PYTHONSTARTUP' ? 'python' : name === 'DYLD_INSERT_LIBRARIES' ? null : 'shell';
      this.scripts.addScript('helper', value, cwd, language);
    }
  }

  /** `--require name` of NODE_OPTIONS: a package, where it is no file. */
  #preload(word: string, cwd: string): void {
    const name = importedPackage(word);
    if (name === null || isFile(join(cwd, word))) return;
    if (!this.npm.addImported(name, cwd)) this.set.addAbsent(word, 'preloaded module is not found');
  }

  namedFile(role: ArtefactRole, text: string, cwd: string): void {
    const path = expandPath(text, cwd, this.place);
    if (path === null) this.set.addUnresolved(text, `${role} depends on a variable that is not known`);
    else this.set.addFile(role, path);
  }

  shellText(
    text: string,
    cwd: string,
    depth: number,
    { ownDirectory = cwd, isInline = true }: ShellTextOptions = {},
  ): void {
    if (depth > MAX_COMMAND_DEPTH) {
      this.#tooDeep();
      return;
    }
    this.environment(loaderAssignments(text), cwd);
    const own = functionNames(text);
    let here = cwd;
    for (const words of shellCommands(text.replace(OWN_DIRECTORY, () => ownDirectory))) {
      const [command = '', ...args] = words;
      if (command === 'cd') here = this.#changeDirectory(args, here);
      else if (SHELL_WORDS_OF_A_FILE.has(command)) this.#source(args[0] ?? '', here);
      else if (!own.has(command) && this.#isWorthTracing(command, here, isInline))
        this.trace({ command, args, cwd: here, depth, nested: true });
    }
  }

  #changeDirectory(args: readonly string[], cwd: string): string {
    const target = args.filter((arg) => !arg.startsWith('-')).at(-1) ?? this.place.home ?? cwd;
    const path = expandPath(target, cwd, this.place);
    if (path === null)
      this.set.addUnresolved(target, 'directory of a cd depends on a variable that is not known');
    return path ?? cwd;
  }

  /** In a text of the command line every program counts; in a script file, with its prose, those found. */
  #isWorthTracing(command: string, cwd: string, isInline: boolean): boolean {
    if (isVariableCommand(command)) return true;
    const name = expandText(command, this.place) ?? command;
    if (isProgramName(name) && (isInline || findExecutable(name, this.path, cwd) !== null)) return true;
    return name.includes('/') || isShell(name) || matchLauncher(name, []).kind !== 'direct' || isRunner(name);
  }

  #source(word: string, cwd: string): void {
    const role = ENV_FILE_NAME.test(basename(word)) ? 'env-file' : 'helper';
    this.scripts.addScript(role, word, cwd, 'shell');
  }

  #tooDeep(): Outcome {
    this.set.addUnresolved('', `commands nested deeper than ${MAX_COMMAND_DEPTH}`);
    return {};
  }

  /** Some configs put arguments into the command; only a file of that whole name is one. */
  #split(call: Call): { readonly command: string; readonly args: readonly string[] } {
    const text = expandText(call.command, this.place) ?? call.command;
    if (!/\s/.test(text) || findExecutable(text, this.path, call.cwd) !== null || /^[A-Za-z]:\\/.test(text))
      return { command: text, args: call.args };
    const [command = '', ...first] = text.trim().split(/\s+/);
    return { command, args: [...first, ...call.args] };
  }

  #executable(command: string, call: Call, isInterpreter: boolean, kind: LaunchKind): string | null {
    const found = findExecutable(command, this.path, call.cwd, this.place.platform, this.#executables);
    if (found === null && kind === 'prefix' && SHELL_PREFIXES.has(command)) return null;
    if (found === null) {
      const wanted = command.includes('/')
        ? join(command.startsWith('/') ? '/' : call.cwd, command)
        : command;
      this.set.addAbsent(wanted, 'executable not found');
      return null;
    }
    const realPath = this.set.addFile(
      isInterpreter ? 'interpreter' : call.nested ? 'helper' : 'executable',
      found,
    );
    if (realPath !== null) this.#shebang(realPath, found, call, kind);
    return realPath;
  }

  /** An executable that is a script: its interpreter, its package or its helpers. */
  #shebang(path: string, named: string, call: Call, kind: LaunchKind): void {
    const line = readShebang(this.scripts.firstLine(path));
    if (line === null) return;
    const found = findExecutable(line.interpreter, this.path, call.cwd, 'linux', this.#executables);
    if (found === null) this.set.addAbsent(line.interpreter, 'interpreter not found');
    else this.set.addFile('interpreter', found);
    for (const word of line.files) this.optionalFile('helper', word, call.cwd);
    if (!PROGRAMS.has(kind) || isRunner(call.command)) return;
    const language = languageFor(line.interpreter) ?? languageOf(path);
    // A console script of a virtual environment starts the interpreter beside it.
    const home = language === 'python' ? this.python.homeOf(found ?? named, call.cwd) : undefined;
    this.scripts.addContents(path, language, call.cwd, home);
  }

  fileArguments(args: readonly string[], cwd: string): void {
    for (const [index, arg] of args.entries()) {
      const equals = arg.indexOf('=');
      const word = equals > 0 && /^-{0,2}[A-Za-z]/.test(arg) ? arg.slice(equals + 1) : arg;
      const flag = equals > 0 ? arg.slice(0, equals) : (args[index - 1] ?? '');
      this.optionalFile(flag === '--env-file' ? 'env-file' : 'helper', word, cwd);
    }
  }

  optionalFile(role: ArtefactRole, word: string, cwd: string): void {
    if (word === '' || word.startsWith('-') || /\s{2}|\n/.test(word)) return;
    const path = expandPath(word, cwd, this.place);
    if (path === null || !isFile(path)) return;
    const language = languageOf(path);
    if (language === null) this.set.addFile(role, path);
    else this.scripts.addScript(role, path, cwd, language);
  }
}

/** `npm` and `uv` run nothing without a verb, yet are launchers. */
function isRunner(command: string): boolean {
  return PROBE_VERBS.some((verb) => matchLauncher(command, [verb]).kind !== 'direct');
}
