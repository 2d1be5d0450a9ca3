import { expandPath } from './expand.ts';
import { readFlags, valuesOf } from './flags.ts';
import { OPAQUE_PREFIXES, PREFIXES } from './prefixes.ts';
import { shellCommands } from './shell-words.ts';
import type { LaunchCall, LaunchTracer, Outcome, Tracing } from './tracing.ts';

const ASSIGNMENT = /^([A-Za-z_]\w*)=([\s\S]*)$/;
const ENV_VALUES: ReadonlySet<string> = new Set(['-u', '--unset', '-C', '--chdir', '-a', '--argv0']);

/** Commands that run the rest of their line: `env`, `timeout 5`, `sudo -u x`, `op run --`. */
export const tracePrefix: LaunchTracer = (tracing, call) => {
  if (call.name === 'env') return traceEnv(tracing, call);
  const grammar = PREFIXES[call.name];
  if (grammar === undefined) return {};
  const opaque = OPAQUE_PREFIXES[call.name];
  const dashes = call.args.indexOf('--');
  const before = grammar.dashes ? call.args.slice(0, Math.max(0, dashes)) : call.args;
  const { flags, words } = readFlags(before, { values: new Set([...grammar.values, ...grammar.envFiles]) });
  for (const file of valuesOf(flags, ...grammar.envFiles)) tracing.namedFile('env-file', file, call.cwd);
  const rest = grammar.dashes ? (dashes < 0 ? [] : call.args.slice(dashes + 1)) : words.slice(grammar.words);
  if (opaque !== undefined) tracing.set.addUnresolved(call.name, opaque);
  if (call.name === 'nix run') tracing.fileArguments(before, call.cwd);
  return runRest(tracing, call, rest[0] === '--' ? rest.slice(1) : rest, call.cwd, opaque === undefined);
};

/** env(1): `-S` splits a word, assignments are the inner command's environment. */
function traceEnv(tracing: Tracing, call: LaunchCall): Outcome {
  const words = assignmentsLast(splitStrings(call.args));
  const { flags, words: rest } = readFlags(words, { values: ENV_VALUES });
  const directory = valuesOf(flags, '-C', '--chdir').at(-1);
  const path = directory === undefined ? call.cwd : expandPath(directory, call.cwd, tracing.place);
  if (path === null && directory !== undefined)
    tracing.set.addUnresolved(directory, 'working directory depends on a variable that is not known');
  return runRest(tracing, call, rest, path ?? call.cwd, true);
}

/** Options behind assignments are read as options: a mistake, but what runs is found all the same. */
function assignmentsLast(words: readonly string[]): readonly string[] {
  const at = words.findIndex(
    (word, index) =>
      !word.startsWith('-') && !ASSIGNMENT.test(word) && !ENV_VALUES.has(words[index - 1] ?? ''),
  );
  const front = words.slice(0, at < 0 ? undefined : at);
  const isAssignment = (word: string) => ASSIGNMENT.test(word) && !word.startsWith('-');
  const options = front.filter((word) => !isAssignment(word));
  return [...options, ...front.filter(isAssignment), ...words.slice(front.length)];
}

function splitStrings(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg) => /^(?:-[iv0]*S|--split-string)/.test(arg));
  const arg = args[at];
  if (arg === undefined) return args;
  const joined = arg.replace(/^(?:-[iv0]*S|--split-string=?)/, '');
  const text = joined === '' ? (args[at + 1] ?? '') : joined;
  const rest = args.slice(at + (joined === '' ? 2 : 1));
  // The assignments in front stay words: the shell's own rule for them takes them off.
  const split = shellCommands(`: ${text}`)[0]?.slice(1) ?? [];
  return [...args.slice(0, at), ...split, ...rest];
}

function runRest(
  tracing: Tracing,
  call: LaunchCall,
  words: readonly string[],
  cwd: string,
  required: boolean,
): Outcome {
  const at = words.findIndex((word) => !ASSIGNMENT.test(word));
  const env: Record<string, string> = {};
  for (const word of words.slice(0, at < 0 ? undefined : at)) {
    const [, name = '', value = ''] = ASSIGNMENT.exec(word) ?? [];
    env[name] = value;
  }
  tracing.environment(env, cwd);
  if (at < 0) {
    if (required) tracing.set.addUnresolved(call.name, 'command line names nothing that it could start');
    return {};
  }
  const { depth, nested } = call;
  const inner = tracing.trace({ command: words[at] ?? '', args: words.slice(at + 1), cwd, depth, nested });
  return { serverArgs: inner.serverArgs, package: inner.package, script: inner.script };
}
