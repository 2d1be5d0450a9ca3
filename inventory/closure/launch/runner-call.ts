import { readFlags, valuesOf } from './flags.ts';

/** Options of package runners that take a value. */
const RUNNER_VALUE_FLAGS: ReadonlySet<string> = new Set([
  '-p',
  '--package',
  '--from',
  '--with',
  '--python',
  '--registry',
  '--cache',
  '--prefix',
  '--userconfig',
  '--index-url',
  '--extra-index-url',
  '--index',
  '--default-index',
  '--spec',
  '--pip-args',
  '--directory',
  '--project',
  '--env-file',
  '--with-requirements',
  '--with-editable',
  '-w',
  '--workspace',
  '-c',
  '--call',
  '--extra',
  '--group',
  '--only-group',
  '--no-group',
  '--link-mode',
  '--refresh-package',
  '--cache-dir',
  '--config-file',
  '--cwd',
  '-C',
  '--dir',
  '--filter',
  '-F',
  '--allow-build',
  '--loglevel',
]);
/** `uv run --script x` and `uv run -m x`: an option that the first word belongs to. */
const TARGET_SWITCHES = ['--script', '-s', '--module', '-m'] as const;
const PACKAGE_FLAGS = ['-p', '--package', '--from', '--spec'] as const;
const UV_PYTHON_FLAG: ReadonlySet<string> = new Set(['-p']);

export interface RunnerCall {
  /** The package asked for; null where the line names none. */
  readonly package: string | null;
  /** Every package that has to be there, the one asked for first. */
  readonly packages: readonly string[];
  /** Shell text of `npx -c`. */
  readonly call: string | null;
  readonly envFiles: readonly string[];
  readonly directory: string | null;
  /** What `uv run` and `uvx` add to the environment. */
  readonly additions: readonly string[];
  /** Files of requirements, constraints and settings that are named. */
  readonly files: readonly string[];
  /** How the first word is meant. */
  readonly target: 'command' | 'script' | 'module';
  /** The word that is run and what follows it. */
  readonly words: readonly string[];
}

/** Reads the command line of npx, uvx, uv run and the like. */
export function readRunnerCall(args: readonly string[]): RunnerCall {
  return readCall(args, PACKAGE_FLAGS);
}

/** The same for uv, whose `-p` is the interpreter. */
export function readUvCall(args: readonly string[]): RunnerCall {
  return readCall(
    args,
    PACKAGE_FLAGS.filter((flag) => !UV_PYTHON_FLAG.has(flag)),
  );
}

function readCall(args: readonly string[], packageFlags: readonly string[]): RunnerCall {
  const { flags, words } = readFlags(args, { values: RUNNER_VALUE_FLAGS });
  const named = valuesOf(flags, ...packageFlags);
  const call = valuesOf(flags, '-c', '--call').at(-1) ?? null;
  const asked = named[0] ?? (call === null ? (words[0] ?? null) : null);
  const packages = named.length > 0 ? named : asked === null ? [] : [asked];
  const targets = flags.filter(({ name }) => TARGET_SWITCHES.some((flag) => flag === name));
  const target = targets.some(({ name }) => name.endsWith('m') || name.endsWith('module'))
    ? 'module'
    : targets.length > 0
      ? 'script'
      : 'command';
  return {
    package: asked,
    packages,
    call,
    envFiles: valuesOf(flags, '--env-file'),
    directory: valuesOf(flags, '--directory', '--project', '--prefix', '--cwd', '-C', '--dir').at(-1) ?? null,
    additions: valuesOf(flags, '--with', '--with-editable'),
    files: valuesOf(flags, '--with-requirements', '--config-file', '--userconfig'),
    target,
    words,
  };
}
