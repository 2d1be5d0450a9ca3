import { dirname, join } from 'node:path';
import type { PythonHome } from '../packages/python-packages.ts';
import { expandPath } from './expand.ts';
import { findExecutable, isFile } from './find-executable.ts';
import { grammarOf } from './interpreter-grammar.ts';
import { readRunnerCall, readUvCall } from './runner-call.ts';
import { hasInlineMetadata } from './script-imports.ts';
import { traceInterpreter } from './trace-interpreter.ts';
import type { LaunchCall, LaunchTracer, Outcome, Tracing } from './tracing.ts';
import { workingDirectory } from './working-directory.ts';

const DIRECTORY_FLAGS = ['--directory', '--project', '-C'] as const;
const ENVIRONMENT_NAMES = ['.venv', 'venv'] as const;

/** `uvx`, `uv tool run`, `pipx run`: an installed tool, or the environment that the runner made for it. */
export const traceUvTool: LaunchTracer = (tracing, call) => {
  const run = call.name.startsWith('uv') ? readUvCall(call.args) : readRunnerCall(call.args);
  const cwd = workingDirectory(tracing, call, run.directory, DIRECTORY_FLAGS);
  const serverArgs = run.words.slice(1);
  if (run.package === null)
    tracing.set.addUnresolved(call.name, 'command line names nothing that the runner could start');
  else tracing.python.addTool(call.name, run.package, run.additions);
  for (const file of run.envFiles) tracing.namedFile('env-file', file, cwd);
  for (const file of run.files) tracing.namedFile('lockfile', file, cwd);
  tracing.fileArguments(serverArgs, cwd);
  return { package: run.package, serverArgs };
};

/** `uv run`, `poetry run` and the like: a script or command in the project's own environment. */
export const traceUvRun: LaunchTracer = (tracing, call) => {
  const run = readUvCall(call.args);
  const cwd = workingDirectory(tracing, call, run.directory, DIRECTORY_FLAGS);
  for (const file of run.envFiles) tracing.namedFile('env-file', file, cwd);
  for (const file of run.files) tracing.namedFile('lockfile', file, cwd);
  const [word = '', ...rest] = run.words;
  tracing.scripts.addLockFiles(cwd);
  const added = run.additions.filter((name) => name !== '');
  for (const name of added) tracing.set.addAbsent(name, 'added to the environment when the server starts');
  if (word === '') {
    tracing.set.addUnresolved(call.name, 'command line names nothing that the runner could start');
    return {};
  }
  if (run.target === 'module') return inEnvironment(tracing, call, cwd, 'python', ['-m', word, ...rest]);
  if (run.target === 'script' || word.endsWith('.py')) return script(tracing, call, cwd, word, rest);
  return inEnvironment(tracing, call, cwd, word, rest);
};

function script(
  tracing: Tracing,
  call: LaunchCall,
  cwd: string,
  word: string,
  rest: readonly string[],
): Outcome {
  const path = expandPath(word, cwd, tracing.place);
  const text = path !== null && isFile(path) ? tracing.scripts.readText(path) : null;
  const isAlone = path !== null && text !== null && hasInlineMetadata(text);
  let python: PythonHome | null = null;
  if (isAlone) {
    python = tracing.python.addScriptEnvironment(path);
    if (isFile(`${path}.lock`)) tracing.set.addFile('lockfile', `${path}.lock`);
  } else python = projectHome(tracing, cwd);
  const role = call.nested ? 'helper' : 'script';
  const found = tracing.scripts.addScript(role, word, cwd, 'python', {
    withLocks: !isAlone,
    ...(python === null ? {} : { python }),
  });
  tracing.fileArguments(rest, cwd);
  return { script: found, serverArgs: rest };
}

/** The environment of the project that a directory lies in; without one uv makes it at the start. */
function projectHome(tracing: Tracing, cwd: string): PythonHome | null {
  const named = tracing.place.env['UV_PROJECT_ENVIRONMENT'];
  for (let here = cwd; ; here = dirname(here)) {
    const names = named === undefined ? ENVIRONMENT_NAMES : [named];
    for (const name of names) {
      const home = tracing.python.homeAt(join(here, name), cwd);
      if (home !== null) return home;
    }
    if (here === dirname(here) || here === tracing.place.home || isFile(join(here, 'pyproject.toml'))) break;
  }
  tracing.set.addAbsent(
    '.venv',
    'the environment of the project is not here; it is made when the server starts',
  );
  return null;
}

/** A command of the environment (`.venv/bin/x`), else of the PATH. */
function inEnvironment(
  tracing: Tracing,
  call: LaunchCall,
  cwd: string,
  word: string,
  args: readonly string[],
): Outcome {
  const home = projectHome(tracing, cwd);
  const bin = home?.environment === null || home === null ? null : join(home.environment.directory, 'bin');
  const own = bin === null ? null : findExecutable(join(bin, word), '', cwd);
  const command = own ?? word;
  if (own === null && findExecutable(word, tracing.path, cwd) === null) {
    tracing.set.addAbsent(word, 'command is not found in the environment of the project');
    const grammar = grammarOf(word);
    return grammar === null
      ? { serverArgs: args }
      : traceInterpreter(tracing, { ...call, command, args, cwd, grammar });
  }
  const inner = tracing.trace({ command, args, cwd, depth: call.depth, nested: call.nested });
  return { serverArgs: inner.serverArgs, script: inner.script, package: inner.package };
}
