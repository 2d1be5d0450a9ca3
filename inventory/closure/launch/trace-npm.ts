import { join } from 'node:path';
import { readPackageSpec } from '../packages/package-spec.ts';
import { findExecutable } from './find-executable.ts';
import { readFlags, valuesOf } from './flags.ts';
import { grammarOf } from './interpreter-grammar.ts';
import { readRunnerCall } from './runner-call.ts';
import type { LaunchCall, LaunchTracer, Outcome, Tracing } from './tracing.ts';
import { workingDirectory } from './working-directory.ts';

const DIRECTORY_FLAGS = ['--prefix', '--cwd', '-C', '--dir'] as const;

/** `npx`, `npm exec`, `pnpm dlx`, `yarn dlx`, `bunx`: a package, installed or of the runner's cache. */
export const traceNpmRunner: LaunchTracer = (tracing, call) => {
  const run = readRunnerCall(call.args);
  const cwd = workingDirectory(tracing, call, run.directory, DIRECTORY_FLAGS);
  if (run.call !== null) tracing.shellText(run.call, cwd, call.depth);
  const others = run.packages.slice(1);
  for (const spec of run.packages) tracing.npm.addRun(call.name, spec, run.packages, cwd);
  if (run.package === null) {
    if (run.call === null)
      tracing.set.addUnresolved(call.name, 'command line names nothing that the runner could start');
    return {};
  }
  const isNamed = run.packages.length > 0 && others.length === 0 && run.words[0] === run.package;
  const serverArgs = run.words.slice(1);
  const inner = interpreterIn(
    tracing,
    { ...call, cwd },
    isNamed ? run.package : (run.words[0] ?? ''),
    serverArgs,
  );
  if (inner === null) tracing.fileArguments(serverArgs, cwd);
  return { package: run.package, serverArgs, ...(inner === null ? {} : { script: inner.script ?? null }) };
};

/** `npx tsx server.ts`: the package is an interpreter, and the script is what counts. */
function interpreterIn(
  tracing: Tracing,
  call: LaunchCall,
  word: string,
  args: readonly string[],
): Outcome | null {
  const { name } = readPackageSpec(word);
  const grammar = grammarOf(name);
  if (grammar?.language !== 'javascript') return null;
  const at = args.findIndex((arg) => !arg.startsWith('-') && !grammar.verbs.includes(arg));
  if (at < 0) return null;
  const role = call.nested ? 'helper' : 'script';
  const script = tracing.scripts.addScript(role, args[at] ?? '', call.cwd, 'javascript', { withLocks: true });
  tracing.fileArguments(args, call.cwd);
  return { script };
}

/** `npm run x`: the text of the script in package.json, with what it runs. */
export const traceNpmScript: LaunchTracer = (tracing, call) => {
  const { flags, words } = readFlags(call.args, { values: new Set<string>(DIRECTORY_FLAGS) });
  const named = valuesOf(
    [...flags, ...readFlags(call.before, { values: new Set(DIRECTORY_FLAGS) }).flags],
    ...DIRECTORY_FLAGS,
  );
  const cwd = workingDirectory(tracing, call, named.at(-1) ?? null, DIRECTORY_FLAGS);
  const isStart = call.name.endsWith(' start');
  const script = isStart ? 'start' : (words[0] ?? '');
  const rest = (isStart ? words : words.slice(1)).filter((word) => word !== '--');
  const scope = tracing.npm.graph.scopeOf(cwd);
  const text = scope === null ? undefined : tracing.npm.graph.manifest(scope)?.scripts[script];
  const node = findExecutable('node', tracing.path, cwd);
  if (node !== null) tracing.set.addFile('interpreter', node);
  if (scope !== null) tracing.scripts.addLockFiles(scope);
  const binary = findExecutable(join('node_modules', '.bin', script), '', scope ?? cwd);
  if (typeof text !== 'string' && binary !== null && !call.name.startsWith('npm')) {
    const { depth, nested } = call;
    const inner = tracing.trace({ command: binary, args: rest, cwd: scope ?? cwd, depth, nested });
    return { serverArgs: inner.serverArgs, script: inner.script };
  }
  if (scope === null || typeof text !== 'string') {
    tracing.set.addUnresolved(script, 'package.json holds no script of this name');
    return { serverArgs: rest };
  }
  tracing.shellText(text, scope, call.depth, { isInline: false });
  binaries(tracing, text, scope);
  tracing.fileArguments(rest, scope);
  return { serverArgs: rest };
};

/** The first words of a script's commands may be binaries of packages: `tsx`, `mcp-server`. */
function binaries(tracing: Tracing, text: string, scope: string): void {
  for (const [, word = ''] of text.matchAll(/(?:^|&&|\|\||[;|])\s*([\w@][\w@./-]*)/g)) {
    const file = findExecutable(join('node_modules', '.bin', word), '', scope);
    if (file !== null && !word.includes('/'))
      tracing.trace({ command: file, args: [], cwd: scope, depth: 1, nested: true });
  }
}
