import { basename, join } from 'node:path';
import type { ArtefactRole } from '../../wire/index.ts';
import { MAX_COMMAND_DEPTH } from '../limits.ts';
import type { ArtefactSet } from './artefacts.ts';
import { expandPath, expandText, type LaunchPlace } from './expand.ts';
import { findExecutable, isFile } from './find-executable.ts';
import { findNpmPackage, findPythonTool } from './installed.ts';
import {
  type InterpreterGrammar,
  isShell,
  type Launcher,
  matchLauncher,
  readDockerRun,
  readPackageSpec,
  readRunnerCall,
} from './launcher.ts';
import { languageOf } from './script-imports.ts';
import { shellCommands } from './shell-words.ts';
import { languageFor, ScriptTracer } from './trace-script.ts';

/** What one command line turned out to start. */
export interface TracedCommand {
  readonly resolved: string | null;
  readonly launcher: Launcher;
  readonly serverArgs: readonly string[];
  readonly package: string | null;
  readonly script: string | null;
}

interface Call {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly depth: number;
  /** True inside a shell text: what it runs are helpers of the outer command. */
  readonly nested: boolean;
}

type Outcome = Partial<Pick<TracedCommand, 'serverArgs' | 'package' | 'script'>>;

const ENV_FILE_NAME = /^\.env(?:\.|$)|\.env$/;
/** `"$0"`, `${BASH_SOURCE[0]}` and `$(dirname …)` of them: the script's own place. */
const OWN_DIRECTORY =
  /\$\(\s*(?:cd\s+)?(?:"?\$\(\s*)?dirname\s+(?:--\s+)?"?\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?\})"?\s*\)(?:"?\s*(?:>\/dev\/null\s*)?(?:&&|;)\s*pwd(?:\s+-P)?\s*\))?/g;

/** Follows a command line to every file that decides what it does, and puts them into an ArtefactSet. */
export class CommandTracer {
  readonly #set: ArtefactSet;
  readonly #place: LaunchPlace;
  readonly #path: string;
  readonly #scripts: ScriptTracer;
  #shellDepth = 0;

  /** `path` is the PATH that the client gives to the server. */
  constructor(set: ArtefactSet, place: LaunchPlace, path: string) {
    this.#set = set;
    this.#place = place;
    this.#path = path;
    this.#scripts = new ScriptTracer(set, place, (text, cwd, ownDirectory) => {
      this.#shellDepth += 1;
      this.shellText(text, cwd, this.#shellDepth, ownDirectory);
      this.#shellDepth -= 1;
    });
  }

  trace(call: Call): TracedCommand {
    const { command, args } = this.#split(call);
    const match = matchLauncher(command, args);
    const resolved = this.#executable(command, call, match.grammar !== null || match.launcher === 'shell');
    const inner = { ...call, command, args: match.rest, depth: call.depth + 1 };
    const outcome =
      call.depth >= MAX_COMMAND_DEPTH
        ? this.#tooDeep()
        : this.#launch(match.launcher, inner, match.grammar, resolved);
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
    for (const word of (env['NODE_OPTIONS'] ?? '').split(/\s+/).flatMap((text) => text.split('='))) {
      this.#optionalFile('helper', word, cwd);
    }
    for (const word of (env['LD_PRELOAD'] ?? '').split(/[\s:]+/)) this.#optionalFile('helper', word, cwd);
    for (const name of ['BASH_ENV', 'ENV', 'PYTHONSTARTUP', 'DYLD_INSERT_LIBRARIES']) {
      const value = env[name];
      if (value !== undefined && value !== '')
        this.#scripts.addScript('helper', value, cwd, name === 'PYTHONSTARTUP' ? 'python' : 'shell');
    }
  }

  /** A file that the config itself names. */
  namedFile(role: ArtefactRole, text: string, cwd: string): void {
    const path = expandPath(text, cwd, this.#place);
    if (path === null) this.#set.addUnresolved(text, `${role} depends on a variable that is not known`);
    else this.#set.addFile(role, path);
  }

  shellText(text: string, cwd: string, depth: number, ownDirectory: string = cwd): void {
    if (depth > MAX_COMMAND_DEPTH) {
      this.#tooDeep();
      return;
    }
    let here = cwd;
    for (const words of shellCommands(text.replace(OWN_DIRECTORY, () => ownDirectory))) {
      const [command = '', ...args] = words;
      if (command === 'cd') here = expandPath(args.at(-1) ?? '', here, this.#place) ?? here;
      else if (command === 'source' || command === '.') this.#source(args[0] ?? '', here);
      else if (this.#isWorthTracing(command)) this.trace({ command, args, cwd: here, depth, nested: true });
    }
  }

  #isWorthTracing(command: string): boolean {
    return (
      command.includes('/') ||
      isShell(command) ||
      matchLauncher(command, ['exec', 'run', 'dlx', 'x']).launcher !== 'direct'
    );
  }

  #source(word: string, cwd: string): void {
    const role = ENV_FILE_NAME.test(basename(word)) ? 'env-file' : 'helper';
    this.#scripts.addScript(role, word, cwd, 'shell');
  }

  #tooDeep(): Outcome {
    this.#set.addUnresolved('', `commands nested deeper than ${MAX_COMMAND_DEPTH}`);
    return {};
  }

  /** Some configs put arguments into the command; only a file of that whole name is one. */
  #split(call: Call): { readonly command: string; readonly args: readonly string[] } {
    const text = expandText(call.command, this.#place) ?? call.command;
    if (!/\s/.test(text) || findExecutable(text, this.#path, call.cwd) !== null)
      return { command: text, args: call.args };
    const [command = '', ...first] = text.trim().split(/\s+/);
    return { command, args: [...first, ...call.args] };
  }

  #executable(command: string, call: Call, isInterpreter: boolean): string | null {
    const found = findExecutable(command, this.#path, call.cwd);
    if (found === null) {
      const wanted = command.includes('/')
        ? join(command.startsWith('/') ? '/' : call.cwd, command)
        : command;
      this.#set.addUnresolved(wanted, 'executable not found');
      return null;
    }
    const realPath = this.#set.addFile(
      isInterpreter ? 'interpreter' : call.nested ? 'helper' : 'executable',
      found,
    );
    if (realPath !== null && !isInterpreter) this.#shebang(realPath, call);
    return realPath;
  }

  /** An executable that is a script: its interpreter, its package or its helpers. */
  #shebang(path: string, call: Call): void {
    const text = this.#scripts.readText(path);
    const line = text?.startsWith('#!') === true ? (text.split('\n', 1)[0] ?? '').slice(2).trim() : '';
    if (text === null || line === '') return;
    const words = line.split(/\s+/);
    const isEnv = basename(words[0] ?? '') === 'env';
    const interpreter = isEnv
      ? words.slice(1).find((word) => !word.startsWith('-') && !word.includes('='))
      : words[0];
    if (interpreter === undefined) return;
    const found = findExecutable(interpreter, this.#path, call.cwd);
    if (found === null) this.#set.addUnresolved(interpreter, 'interpreter not found');
    else this.#set.addFile('interpreter', found);
    const isRunner =
      matchLauncher(call.command, call.args).launcher !== 'direct' || basename(call.command) === 'npm';
    if (!isRunner)
      this.#scripts.addContents(path, text, languageFor(interpreter) ?? languageOf(path), call.cwd);
  }

  #launch(
    launcher: Launcher,
    call: Call,
    grammar: InterpreterGrammar | null,
    resolved: string | null,
  ): Outcome {
    const handlers: Readonly<Record<Launcher, () => Outcome>> = {
      direct: () => this.#arguments(call.args, call.cwd),
      interpreter: () => (grammar === null ? {} : this.#interpreter(call, grammar)),
      npx: () => this.#npx(call),
      uvx: () => this.#uvx(call),
      'uv-run': () => this.#uvRun(call),
      docker: () => this.#docker(call),
      shell: () => this.#shell(call),
      env: () => this.#env(call, resolved),
    };
    return handlers[launcher]();
  }

  #interpreter({ command, args, cwd, nested }: Call, grammar: InterpreterGrammar): Outcome {
    for (let at = 0; at < args.length; at += 1) {
      const arg = args[at] ?? '';
      if (at === 0 && grammar.verbs.includes(arg)) continue;
      if (!arg.startsWith('-')) {
        const script = this.#scripts.addScript(
          nested ? 'helper' : 'script',
          arg,
          cwd,
          languageFor(command) ?? 'javascript',
          !nested,
        );
        const serverArgs = args.slice(at + 1);
        this.#arguments(serverArgs, cwd);
        return { script, serverArgs };
      }
      const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
      const flag = equals < 0 ? arg : arg.slice(0, equals);
      const value = equals < 0 ? (args[at + 1] ?? '') : arg.slice(equals + 1);
      if (grammar.inline.includes(flag)) {
        this.#arguments(args.slice(at + 2), cwd);
        return { serverArgs: args.slice(at + (equals < 0 ? 2 : 1)) };
      }
      if (grammar.module.includes(flag)) {
        this.#pythonModule(value, cwd);
        this.#arguments(args.slice(at + 2), cwd);
        return { serverArgs: args.slice(at + 2) };
      }
      if (grammar.envFile.includes(flag)) this.namedFile('env-file', value, cwd);
      if (grammar.code.includes(flag)) this.#codeFlag(value, cwd);
      if (equals < 0 && [...grammar.code, ...grammar.envFile, ...grammar.value].includes(flag)) at += 1;
    }
    return { serverArgs: [] };
  }

  #codeFlag(value: string, cwd: string): void {
    if (/^(?:\.{0,2}\/|~|\$|file:)/.test(value) || isFile(join(cwd, value))) {
      this.#scripts.addScript('helper', value, cwd, 'javascript');
      return;
    }
    this.#npmPackage(value, cwd);
  }

  #pythonModule(module: string, cwd: string): void {
    const stem = join(cwd, ...module.split('.'));
    const file = [`${stem}.py`, join(stem, '__main__.py'), join(stem, '__init__.py')].find(isFile);
    if (file !== undefined) this.#scripts.addScript('script', file, cwd, 'python', true);
    else
      this.#set.addUnresolved(
        module,
        'python module is not in the working directory; site-packages are not searched yet',
      );
  }

  #npx(call: Call): Outcome {
    const run = readRunnerCall(call.args);
    if (run.call !== null) this.shellText(run.call, call.cwd, call.depth);
    if (run.package === null) return {};
    this.#npmPackage(run.package, call.cwd);
    const serverArgs = run.words.slice(1);
    this.#arguments(serverArgs, call.cwd);
    return { package: run.package, serverArgs };
  }

  #npmPackage(spec: string, cwd: string): void {
    const parsed = readPackageSpec(spec);
    const near = [this.#place.project, cwd].filter((directory) => directory !== null);
    const found = findNpmPackage(spec, parsed, [...new Set(near)], this.#place.home);
    if (found.length === 0) {
      this.#set.addUnresolved(spec, 'package is not installed here; it is fetched when the server starts');
    }
    for (const { name, directory } of found) this.#set.addPackage(name, directory);
    const node = findExecutable('node', this.#path, cwd);
    if (node !== null) this.#set.addFile('interpreter', node);
  }

  #uvx(call: Call): Outcome {
    const run = readRunnerCall(call.args);
    const serverArgs = run.words.slice(1);
    if (run.package !== null) {
      const tool = findPythonTool(readPackageSpec(run.package).name, this.#place.home);
      if (tool === null)
        this.#set.addUnresolved(
          run.package,
          'python package is not installed as a tool; it is fetched when the server starts',
        );
      else this.#set.addPackage(tool.name, tool.directory);
    }
    for (const file of run.envFiles) this.namedFile('env-file', file, call.cwd);
    this.#arguments(serverArgs, call.cwd);
    return { package: run.package, serverArgs };
  }

  #uvRun(call: Call): Outcome {
    const directory = directoryFlag(call.args) ?? readRunnerCall(call.args).directory;
    const run = readRunnerCall(call.args);
    const cwd = directory === null ? call.cwd : (expandPath(directory, call.cwd, this.#place) ?? call.cwd);
    for (const file of run.envFiles) this.namedFile('env-file', file, cwd);
    const [word = '', ...rest] = run.words;
    this.#scripts.addLockFiles(cwd);
    if (!word.endsWith('.py')) {
      if (word !== '') this.trace({ command: word, args: rest, cwd, depth: call.depth, nested: call.nested });
      return { serverArgs: rest };
    }
    const script = this.#scripts.addScript('script', word, cwd, 'python', true);
    this.#arguments(rest, cwd);
    return { script, serverArgs: rest };
  }

  #docker(call: Call): Outcome {
    const run = readDockerRun(call.args);
    for (const file of run.envFiles) this.namedFile('env-file', file, call.cwd);
    if (run.image === null) return {};
    const digest = /@sha256:([0-9a-f]{64})$/.exec(run.image)?.[1];
    if (digest === undefined) this.#set.addUnresolved(run.image, 'image is not pinned by digest');
    else this.#set.addImage(run.image, digest);
    return { package: run.image, serverArgs: run.words };
  }

  #shell(call: Call): Outcome {
    const at = call.args.findIndex((arg) => !/^[-+]/.test(arg));
    const hasText = call.args.slice(0, at < 0 ? undefined : at).some((arg) => /^-[a-z]*c[a-z]*$/.test(arg));
    if (at < 0) return { serverArgs: [] };
    const first = call.args[at] ?? '';
    const serverArgs = call.args.slice(at + 1);
    if (hasText) this.shellText(first, call.cwd, call.depth);
    this.#arguments(serverArgs, call.cwd);
    if (hasText) return { serverArgs };
    return {
      serverArgs,
      script: this.#scripts.addScript(
        call.nested ? 'helper' : 'script',
        first,
        call.cwd,
        'shell',
        !call.nested,
      ),
    };
  }

  #env(call: Call, resolved: string | null): Outcome {
    const words = call.args.flatMap((arg, index) =>
      call.args[index - 1] === '-S' ? arg.split(/\s+/) : [arg],
    );
    const at = words.findIndex(
      (word, index) =>
        !word.startsWith('-') &&
        !/^[A-Za-z_]\w*=/.test(word) &&
        !['-u', '-C'].includes(words[index - 1] ?? ''),
    );
    if (at < 0 || resolved === null) return {};
    const inner = this.trace({ ...call, command: words[at] ?? '', args: words.slice(at + 1) });
    return { serverArgs: inner.serverArgs, package: inner.package, script: inner.script };
  }

  /** Arguments that name files are helpers; directories and anything else are data. */
  #arguments(args: readonly string[], cwd: string): Outcome {
    for (const [index, arg] of args.entries()) {
      const equals = arg.indexOf('=');
      const word = equals > 0 && /^-{0,2}[A-Za-z]/.test(arg) ? arg.slice(equals + 1) : arg;
      const flag = equals > 0 ? arg.slice(0, equals) : (args[index - 1] ?? '');
      this.#optionalFile(flag === '--env-file' ? 'env-file' : 'helper', word, cwd);
    }
    return { serverArgs: args };
  }

  #optionalFile(role: ArtefactRole, word: string, cwd: string): void {
    if (word === '' || word.startsWith('-') || /\s{2}|\n/.test(word)) return;
    const path = expandPath(word, cwd, this.#place);
    if (path === null || !isFile(path)) return;
    const language = languageOf(path);
    if (language === null) this.#set.addFile(role, path);
    else this.#scripts.addScript(role, path, cwd, language);
  }
}

function directoryFlag(args: readonly string[]): string | null {
  const at = args.indexOf('--directory');
  return at < 0 ? null : (args[at + 1] ?? null);
}
