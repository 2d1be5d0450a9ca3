import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readPackageSpec } from '../packages/package-spec.ts';
import type { PythonHome } from '../packages/python-packages.ts';
import { commandName } from './command-name.ts';
import { expandPath } from './expand.ts';
import { findExecutable, isFile, realPathOf } from './find-executable.ts';
import type { InterpreterGrammar } from './interpreter-grammar.ts';
import { traceNpmScript } from './trace-npm.ts';
import { languageFor } from './trace-script.ts';
import type { LaunchCall, LaunchTracer, Outcome, Tracing } from './tracing.ts';

/** `node`, `python`, `java` and the like: the program is a script, a module or inline text. */
export const traceInterpreter: LaunchTracer = (tracing, call) => {
  if (call.grammar === null) return {};
  const python = call.grammar.language === 'python' ? pythonHome(tracing, call) : undefined;
  return new InterpreterLine(tracing, call, call.grammar, python).trace();
};

/** `deno run` with specifiers (`npm:x`, `jsr:x`, a URL) in place of a script; `deno task` is not followed. */
export const traceDeno: LaunchTracer = (tracing, call) => {
  const [verb = ''] = call.args;
  if (verb === 'task') {
    tracing.scripts.addLockFiles(call.cwd);
    tracing.set.addUnresolved(call.args[1] ?? verb, 'tasks of deno are not followed');
    return {};
  }
  return traceInterpreter(tracing, call);
};

function pythonHome({ python, path }: Tracing, { command, cwd }: LaunchCall): PythonHome {
  return python.homeOf(findExecutable(command, path, cwd), cwd);
}

class InterpreterLine {
  readonly #tracing: Tracing;
  readonly #call: LaunchCall;
  readonly #grammar: InterpreterGrammar;
  readonly #python: PythonHome | undefined;

  constructor(
    tracing: Tracing,
    call: LaunchCall,
    grammar: InterpreterGrammar,
    python: PythonHome | undefined,
  ) {
    this.#tracing = tracing;
    this.#call = call;
    this.#grammar = grammar;
    this.#python = python;
  }

  trace(): Outcome {
    const { args, cwd } = this.#call;
    const grammar = this.#grammar;
    for (let at = 0; at < args.length; at += 1) {
      const arg = args[at] ?? '';
      if (arg === '--' || (at === 0 && grammar.verbs.includes(arg)) || arg === '-jar') continue;
      if (!arg.startsWith('-')) return this.#script(arg, args.slice(at + 1));
      const equals = arg.indexOf('=');
      const flag = equals < 0 ? arg : arg.slice(0, equals);
      const value = equals < 0 ? (args[at + 1] ?? '') : arg.slice(equals + 1);
      const rest = args.slice(at + (equals < 0 ? 2 : 1));
      if (grammar.inline.includes(flag)) {
        this.#inline(value);
        this.#tracing.fileArguments(rest, cwd);
        return { serverArgs: rest };
      }
      if (grammar.module.includes(flag)) return this.#module(value, rest);
      const taken = this.#option(flag, value);
      if (equals < 0 && taken) at += 1;
    }
    return { serverArgs: [] };
  }

  #inline(text: string): void {
    const { language } = this.#grammar;
    const { scripts, set } = this.#tracing;
    if (language === 'other')
      set.addUnresolved('', 'code on the command line is not searched for what it loads');
    else scripts.addInline(text, this.#call.cwd, language, this.#python);
  }

  /** Whether the option takes a value. */
  #option(flag: string, value: string): boolean {
    const { code, envFile, settings, searched, value: other } = this.#grammar;
    const { cwd } = this.#call;
    if (envFile.includes(flag)) this.#tracing.namedFile('env-file', value, cwd);
    else if (settings.includes(flag)) this.#tracing.namedFile('helper', value, cwd);
    else if (code.includes(flag)) this.#code(value);
    else if (searched.includes(flag)) for (const entry of value.split(/[:;]/)) this.#searched(entry);
    return [code, envFile, settings, searched, other].some((flags) => flags.includes(flag));
  }

  #script(word: string, rest: readonly string[]): Outcome {
    const { command, cwd, nested } = this.#call;
    if (/^(?:npm|jsr|https?):/.test(word)) return this.#specifier(word, rest);
    if (this.#isPackageScript(word))
      return traceNpmScript(this.#tracing, { ...this.#call, args: [word, ...rest] });
    if (this.#grammar.language === 'python' && this.#isPackageDirectory(word))
      return this.#module(word, rest);
    const script = this.#tracing.scripts.addScript(
      nested ? 'helper' : 'script',
      word,
      cwd,
      languageFor(command),
      { withLocks: true, ...(this.#python === undefined ? {} : { python: this.#python }) },
    );
    if (script?.endsWith('.dll') === true) this.#besideAssembly(script);
    this.#tracing.fileArguments(rest, cwd);
    return { script, serverArgs: rest };
  }

  /** `bun run start` names a script of package.json where no file has that name. */
  #isPackageScript(word: string): boolean {
    const { command, cwd } = this.#call;
    if (commandName(command) !== 'bun' || word.includes('/') || isFile(join(cwd, word))) return false;
    const scope = this.#tracing.npm.graph.scopeOf(cwd);
    return scope !== null && typeof this.#tracing.npm.graph.manifest(scope)?.scripts[word] === 'string';
  }

  #isPackageDirectory(word: string): boolean {
    const path = expandPath(word, this.#call.cwd, this.#tracing.place);
    return path !== null && isFile(join(path, '__main__.py'));
  }

  #specifier(word: string, rest: readonly string[]): Outcome {
    const { cwd } = this.#call;
    this.#tracing.fileArguments(rest, cwd);
    if (!word.startsWith('npm:')) {
      this.#tracing.set.addAbsent(word, 'module is fetched when the server starts');
      return { package: word, serverArgs: rest };
    }
    const spec = word.replace(/^npm:\/?/, '');
    this.#tracing.npm.addRun('deno', spec, [], cwd);
    return { package: spec, serverArgs: rest };
  }

  /** `--require x`: a file, else a package that is found from the working directory. */
  #code(value: string): void {
    const { cwd } = this.#call;
    const { scripts, npm, set } = this.#tracing;
    if (this.#grammar.language !== 'javascript') {
      scripts.addScript('helper', value, cwd, null);
      return;
    }
    if (/^(?:\.{0,2}\/|~|\$|file:)/.test(value) || isFile(join(cwd, value))) {
      scripts.addScript('helper', value, cwd, 'javascript');
      return;
    }
    const { name } = readPackageSpec(
      value
        .split('/')
        .slice(0, value.startsWith('@') ? 2 : 1)
        .join('/'),
    );
    if (!npm.addImported(name, cwd)) set.addAbsent(value, 'preloaded module is not found');
  }

  /** An entry of a class path: an archive, or a directory as a whole. */
  #searched(entry: string): void {
    if (entry === '') return;
    const { set, place } = this.#tracing;
    const path = expandPath(entry.replace(/\/\*$/, ''), this.#call.cwd, place);
    if (path === null) set.addUnresolved(entry, 'class path depends on a variable that is not known');
    else if (isFile(path)) set.addFile('helper', path);
    else if (existsSync(path)) this.#tracing.sealed.add(basename(path), realPathOf(path) ?? path);
    else set.addAbsent(path, 'entry of the class path is not found');
  }

  #besideAssembly(assembly: string): void {
    const stem = join(dirname(assembly), basename(assembly, '.dll'));
    for (const file of [`${stem}.deps.json`, `${stem}.runtimeconfig.json`])
      if (isFile(file)) this.#tracing.set.addFile('helper', file);
    this.#tracing.sealed.add(basename(dirname(assembly)), dirname(assembly));
  }

  /** `python -m x`: from the working directory, PYTHONPATH, the environment, then the system's packages. */
  #module(module: string, rest: readonly string[]): Outcome {
    const { cwd, nested } = this.#call;
    const { scripts, python, set } = this.#tracing;
    const home = this.#python ?? { environment: null, own: [], sites: [] };
    this.#tracing.fileArguments(rest, cwd);
    const parts = /^[\w.]+$/.test(module) ? module.split('.') : [module];
    const files = [cwd, ...home.own].flatMap((base) => {
      const stem = join(base, ...parts);
      return [`${stem}.py`, join(stem, '__main__.py'), join(stem, '__init__.py')];
    });
    const file = files.find(isFile);
    if (file === undefined) {
      if (!python.addModule(module, home))
        set.addAbsent(module, 'python module is not found in the working directory or among the packages');
      return { serverArgs: rest };
    }
    const root = [cwd, ...home.own].find((base) => file.startsWith(`${base}/`)) ?? cwd;
    const options = { withLocks: true, python: { ...home, own: [root, ...home.own] } };
    const role = nested ? 'helper' : 'script';
    return { script: scripts.addScript(role, file, cwd, 'python', options), serverArgs: rest };
  }
}
