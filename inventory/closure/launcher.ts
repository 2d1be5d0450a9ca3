/** How a command comes to run the server. */
export const LAUNCHERS = ['direct', 'interpreter', 'npx', 'uvx', 'uv-run', 'docker', 'shell', 'env'] as const;
export type Launcher = (typeof LAUNCHERS)[number];

/** What a server's entry starts. `args` are literal and may hold secrets: it stays in memory. */
export interface LaunchSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute path after PATH and symlinks; null where the command was not found. */
  readonly resolved: string | null;
  readonly launcher: Launcher;
  /** The arguments that the server itself gets: those after the script or package. */
  readonly server_args: readonly string[];
  /** The package as asked for, e.g. `@scope/name@1.2.3`. */
  readonly package: string | null;
  readonly script: string | null;
  readonly cwd: string | null;
  readonly uid: number;
}

/** Options of an interpreter that matter for finding its script. */
export interface InterpreterGrammar {
  /** Flags whose value is code from a file: `--require x`. */
  readonly code: readonly string[];
  /** Flags whose value is an env file. */
  readonly envFile: readonly string[];
  /** Flags whose value is something else. */
  readonly value: readonly string[];
  /** Flags that hold the program itself, after which there is no script. */
  readonly inline: readonly string[];
  /** Flags that name a module instead of a script. */
  readonly module: readonly string[];
  /** Words before the script: `deno run x.ts`. */
  readonly verbs: readonly string[];
}

const NODE: InterpreterGrammar = {
  code: ['-r', '--require', '--import', '--loader', '--experimental-loader', '--preload'],
  envFile: ['--env-file', '--env-file-if-exists'],
  value: [
    '-C',
    '--conditions',
    '--input-type',
    '--title',
    '--inspect-port',
    '--tsconfig',
    '--cwd',
    '--config',
    '-c',
  ],
  inline: ['-e', '--eval', '-p', '--print', '-pe'],
  module: [],
  verbs: ['run', 'watch'],
};
const PYTHON: InterpreterGrammar = {
  code: [],
  envFile: [],
  value: ['-W', '-X', '--check-hash-based-pycs'],
  inline: ['-c'],
  module: ['-m'],
  verbs: [],
};
const OTHER: InterpreterGrammar = {
  code: ['-jar', '-r'],
  envFile: [],
  value: ['-cp', '-classpath', '-I'],
  inline: ['-e'],
  module: [],
  verbs: ['run'],
};

const INTERPRETERS: Readonly<Record<string, InterpreterGrammar>> = {
  node: NODE,
  nodejs: NODE,
  bun: NODE,
  deno: NODE,
  tsx: NODE,
  'ts-node': NODE,
  python: PYTHON,
  pypy: PYTHON,
  ruby: OTHER,
  perl: OTHER,
  php: OTHER,
  java: OTHER,
  Rscript: OTHER,
};
const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'fish']);

/** Package runners: the words that must follow the command for it to be one. */
const RUNNERS: readonly (readonly [command: string, verb: string | null, launcher: Launcher])[] = [
  ['npx', null, 'npx'],
  ['pnpx', null, 'npx'],
  ['bunx', null, 'npx'],
  ['npm', 'exec', 'npx'],
  ['npm', 'x', 'npx'],
  ['pnpm', 'dlx', 'npx'],
  ['pnpm', 'exec', 'npx'],
  ['yarn', 'dlx', 'npx'],
  ['bun', 'x', 'npx'],
  ['uvx', null, 'uvx'],
  ['pipx', 'run', 'uvx'],
  ['uv', 'tool', 'uvx'],
  ['uv', 'run', 'uv-run'],
  ['docker', 'run', 'docker'],
  ['podman', 'run', 'docker'],
  ['env', null, 'env'],
];

export interface LauncherMatch {
  readonly launcher: Launcher;
  readonly grammar: InterpreterGrammar | null;
  /** Arguments after the launcher's own verb. */
  readonly rest: readonly string[];
}

/** Recognises a launcher by its name and verb. */
export function matchLauncher(command: string, args: readonly string[]): LauncherMatch {
  const name = baseName(command);
  for (const [runner, verb, launcher] of RUNNERS) {
    if (name !== runner) continue;
    const at = verb === null ? -1 : args.indexOf(verb);
    if (verb === null || (at >= 0 && at <= 4)) {
      const skip = name === 'uv' && verb === 'tool' ? 2 : 1;
      return { launcher, grammar: null, rest: verb === null ? args : args.slice(at + skip) };
    }
  }
  if (SHELLS.has(name)) return { launcher: 'shell', grammar: null, rest: args };
  const grammar = grammarOf(name);
  return { launcher: grammar === null ? 'direct' : 'interpreter', grammar, rest: args };
}

export function grammarOf(command: string): InterpreterGrammar | null {
  const name = baseName(command);
  const family = name.replace(/[\d.]+$/, '');
  if (Object.hasOwn(INTERPRETERS, name)) return INTERPRETERS[name] ?? null;
  return Object.hasOwn(INTERPRETERS, family) ? (INTERPRETERS[family] ?? null) : null;
}

export function isShell(command: string): boolean {
  return SHELLS.has(baseName(command));
}

function baseName(command: string): string {
  const name = command.slice(Math.max(command.lastIndexOf('/'), command.lastIndexOf('\\')) + 1);
  return name.replace(/\.(?:exe|cmd|bat)$/i, '');
}

/** A package as named on a command line: `name` without its version, `pinned` where that is exact. */
export interface PackageSpec {
  readonly name: string;
  readonly version: string | null;
  readonly pinned: boolean;
}

const EXACT_VERSION = /^=?=?v?\d+\.\d+(?:\.\d+)*(?:[-+.][\w.+-]+)?$/;
const COMMIT = /[@#][0-9a-f]{40}$/;

/** Reads `@scope/name@1.2.3`, `name==1.2.3` or a git URL; only an exact version or commit is pinned. */
export function readPackageSpec(spec: string): PackageSpec {
  if (/^(?:git\+|https?:|github:|file:|\.|\/)/.test(spec)) {
    return { name: spec.replace(COMMIT, ''), version: null, pinned: COMMIT.test(spec) };
  }
  const [, name = spec, version = null] = /^(@?[^@=<>~!]+?)(?:\[[^\]]*\])?(?:@|(?===))(.+)$/.exec(spec) ?? [];
  return { name, version, pinned: version !== null && EXACT_VERSION.test(version) };
}

/** Flags of package runners that take a value. */
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
  '--spec',
  '--directory',
  '--project',
  '--env-file',
  '--with-requirements',
  '--with-editable',
  '-w',
  '--workspace',
]);
const PACKAGE_FLAGS: ReadonlySet<string> = new Set(['-p', '--package', '--from', '--spec']);
const CALL_FLAGS: ReadonlySet<string> = new Set(['-c', '--call']);

export interface RunnerCall {
  /** The package asked for; null where the line names none. */
  readonly package: string | null;
  /** Shell text of `npx -c`. */
  readonly call: string | null;
  readonly envFiles: readonly string[];
  readonly directory: string | null;
  /** The word that is run and what follows it. */
  readonly words: readonly string[];
}

/** Reads the command line of npx, uvx, uv run and the like. */
export function readRunnerCall(args: readonly string[]): RunnerCall {
  let chosen: string | null = null;
  let call: string | null = null;
  let directory: string | null = null;
  const envFiles: string[] = [];
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') {
      at += 1;
      break;
    }
    if (!arg.startsWith('-') || arg === '-') break;
    const equals = arg.indexOf('=');
    const flag = equals < 0 ? arg : arg.slice(0, equals);
    const separate = equals < 0 && (RUNNER_VALUE_FLAGS.has(flag) || CALL_FLAGS.has(flag));
    const value = separate ? (args[at + 1] ?? '') : arg.slice(equals + 1);
    if (PACKAGE_FLAGS.has(flag)) chosen ??= value;
    else if (CALL_FLAGS.has(flag)) call = value;
    else if (flag === '--directory' || flag === '--project') directory = value;
    else if (flag === '--env-file') envFiles.push(value);
    if (separate) at += 1;
  }
  const words = args.slice(at);
  return { package: chosen ?? (call === null ? (words[0] ?? null) : null), call, envFiles, directory, words };
}

/** `docker run` options without a value; any other that has no `=` takes one. */
const DOCKER_SWITCHES =
  /^(?:-[itdPq]+|--(?:rm|interactive|tty|detach|init|privileged|read-only|publish-all|no-healthcheck|oom-kill-disable|sig-proxy|quiet))$/;

/** The image of `docker run` and the host files that its options name. */
export function readDockerRun(args: readonly string[]): {
  readonly image: string | null;
  readonly envFiles: readonly string[];
  readonly words: readonly string[];
} {
  const envFiles: string[] = [];
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-')) break;
    const [flag = '', inline] = arg.split('=', 2);
    const separate = inline === undefined && !DOCKER_SWITCHES.test(arg);
    if (flag === '--env-file') envFiles.push(inline ?? args[at + 1] ?? '');
    if (separate) at += 1;
  }
  return { image: args[at] ?? null, envFiles, words: args.slice(at + 1) };
}
