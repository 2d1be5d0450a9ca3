import { commandName } from './command-name.ts';
import { grammarOf, type InterpreterGrammar } from './interpreter-grammar.ts';
import { PREFIXES } from './prefixes.ts';

export { readPackageSpec } from '../packages/package-spec.ts';
export { readDockerRun } from './docker-call.ts';
export { readRunnerCall } from './runner-call.ts';

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

/** What tells command lines of one launcher apart: each is followed in its own way. */
export const LAUNCH_KINDS = [
  'direct',
  'interpreter',
  'deno',
  'npm-runner',
  'npm-script',
  'uv-tool',
  'uv-run',
  'container',
  'shell',
  'windows-shell',
  'powershell',
  'prefix',
  'build',
] as const;
export type LaunchKind = (typeof LAUNCH_KINDS)[number];

const LAUNCHER_OF: Readonly<Record<LaunchKind, Launcher>> = {
  direct: 'direct',
  interpreter: 'interpreter',
  deno: 'interpreter',
  'npm-runner': 'npx',
  'npm-script': 'shell',
  'uv-tool': 'uvx',
  'uv-run': 'uv-run',
  container: 'docker',
  shell: 'shell',
  'windows-shell': 'shell',
  powershell: 'shell',
  prefix: 'env',
  build: 'direct',
};

/** Launchers by the words that make one: the longest match counts. */
const TABLE: Readonly<Record<string, LaunchKind>> = {
  npx: 'npm-runner',
  pnpx: 'npm-runner',
  bunx: 'npm-runner',
  'npm exec': 'npm-runner',
  'npm x': 'npm-runner',
  'pnpm dlx': 'npm-runner',
  'pnpm exec': 'npm-runner',
  'yarn dlx': 'npm-runner',
  'yarn exec': 'npm-runner',
  'bun x': 'npm-runner',
  pnpm: 'npm-script',
  yarn: 'npm-script',
  'npm run': 'npm-script',
  'npm run-script': 'npm-script',
  'npm start': 'npm-script',
  'pnpm run': 'npm-script',
  'pnpm start': 'npm-script',
  'yarn run': 'npm-script',
  'yarn start': 'npm-script',
  uvx: 'uv-tool',
  'uv tool run': 'uv-tool',
  'pipx run': 'uv-tool',
  'uv run': 'uv-run',
  'poetry run': 'uv-run',
  'pdm run': 'uv-run',
  'pipenv run': 'uv-run',
  'hatch run': 'uv-run',
  'rye run': 'uv-run',
  docker: 'container',
  'docker run': 'container',
  'docker container run': 'container',
  podman: 'container',
  'podman run': 'container',
  'podman container run': 'container',
  nerdctl: 'container',
  'nerdctl run': 'container',
  'docker-compose': 'container',
  deno: 'deno',
  cmd: 'windows-shell',
  powershell: 'powershell',
  pwsh: 'powershell',
  env: 'prefix',
  'go run': 'build',
  'cargo run': 'build',
  'dotnet run': 'build',
  'dotnet tool': 'build',
  dnx: 'build',
  'swift run': 'build',
};
const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'ash', 'fish']);
/** Options before the verb that take a value: `uv --directory x run`. */
const EARLY_VALUE_FLAGS: ReadonlySet<string> = new Set([
  '--directory',
  '--project',
  '--prefix',
  '--cwd',
  '--dir',
  '-C',
  '--userconfig',
  '--cache',
  '--cache-dir',
  '--config-file',
  '--context',
  '--config',
  '-c',
  '-H',
  '--host',
  '--log-level',
  '-l',
  '-L',
  '--filter',
  '-F',
  '--color',
  '--loglevel',
  '--registry',
  '-w',
  '--workspace',
  '-f',
  '--file',
  '-p',
  '--project-name',
  '--profile',
]);
const MAX_VERBS = 2;

export interface LauncherMatch {
  readonly launcher: Launcher;
  readonly kind: LaunchKind;
  /** The words of the launcher: `npm exec`. */
  readonly name: string;
  readonly grammar: InterpreterGrammar | null;
  /** Options between the command and its verb. */
  readonly before: readonly string[];
  /** Arguments after the launcher's own verb. */
  readonly rest: readonly string[];
}

/** Recognises a launcher by its name and verb. */
export function matchLauncher(command: string, args: readonly string[]): LauncherMatch {
  const base = commandName(command);
  const verbs = verbsOf(args);
  for (let count = verbs.length; count >= 0; count -= 1) {
    const name = [base, ...verbs.slice(0, count).map(({ word }) => word)].join(' ');
    const kind = kindOf(name, count);
    if (kind === null) continue;
    const at = verbs[count - 1]?.at ?? -1;
    const first = verbs[0]?.at ?? 0;
    return {
      launcher: LAUNCHER_OF[kind],
      kind,
      name,
      grammar: kind === 'interpreter' || kind === 'deno' ? grammarOf(base) : null,
      before: count === 0 ? [] : args.slice(0, first),
      rest: args.slice(at + 1),
    };
  }
  return { launcher: 'direct', kind: 'direct', name: base, grammar: null, before: [], rest: args };
}

function kindOf(name: string, verbs: number): LaunchKind | null {
  if (Object.hasOwn(TABLE, name)) return TABLE[name] ?? null;
  if (Object.hasOwn(PREFIXES, name)) return 'prefix';
  if (verbs > 0) return null;
  if (SHELLS.has(name)) return 'shell';
  return grammarOf(name) === null ? null : 'interpreter';
}

/** The first words that are neither options nor values of options. */
function verbsOf(args: readonly string[]): readonly { readonly word: string; readonly at: number }[] {
  const verbs: { readonly word: string; readonly at: number }[] = [];
  for (let at = 0; at < args.length && verbs.length < MAX_VERBS; at += 1) {
    const word = args[at] ?? '';
    if (!word.startsWith('-')) verbs.push({ word, at });
    else if (word === '--') break;
    else if (verbs.length > 0) break;
    else if (EARLY_VALUE_FLAGS.has(word)) at += 1;
  }
  return verbs;
}

export function isShell(command: string): boolean {
  return SHELLS.has(commandName(command));
}
