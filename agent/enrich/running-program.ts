import { basename, resolve } from 'node:path';
import { type LauncherMatch, matchLauncher, readDockerRun } from '../../inventory/index.ts';
import type { Image } from './launch-chain.ts';

type Grammar = NonNullable<LauncherMatch['grammar']>;
type Language = Grammar['language'];

/** What a process runs, as far as its words tell. */
export type RunningProgram =
  /** A step on the way to something else: `npx`, `uvx`, `sh -c`, `env`. */
  | { readonly kind: 'launcher' }
  | {
      readonly kind: 'program';
      /** By what it can be called: its file, script, module or image. */
      readonly names: readonly string[];
      /** Absolute path; null where it runs none. */
      readonly script: string | null;
      /** Code that stands on the command line itself. */
      readonly code: string | null;
      readonly language: Language;
      /** Of a script: its own arguments. */
      readonly args: readonly string[];
    };

export type Program = Extract<RunningProgram, { kind: 'program' }>;

const LAUNCHER: RunningProgram = { kind: 'launcher' };
/** npm names its own process so once it runs. */
const NPM_TITLE = /^(?:npm|pnpm|yarn) (?:exec|run)\b/;
/** Kinds of launchers that start another process for the server. */
const STEPS: ReadonlySet<LauncherMatch['kind']> = new Set([
  'npm-runner',
  'npm-script',
  'uv-tool',
  'uv-run',
  'prefix',
  'build',
  'windows-shell',
  'powershell',
]);
const SCRIPT_ENDING = /(?:-cli)?\.[cm]?[jt]s$/;
const DOCKER_GATEWAY = /^mcp gateway run\b/;

/** Reads a command line the way the inventory reads that of a config, by argv[0] and else by the image. */
export function runningProgram(image: Image): RunningProgram {
  const [command = '', ...args] = image.argv;
  if (NPM_TITLE.test(command)) return LAUNCHER;
  const named = matchLauncher(command, args);
  const match = named.kind === 'direct' ? matchLauncher(image.exe, args) : named;
  if (STEPS.has(match.kind)) return LAUNCHER;
  const own = [...new Set([basename(command), basename(image.exe)])].filter(Boolean);
  switch (match.kind) {
    case 'shell':
      // A shell without a task of its own is somebody's session: what runs in it is nobody's launch.
      return args.some((word) => word === '-c' || /^-[a-z]*c$/.test(word) || !word.startsWith('-'))
        ? LAUNCHER
        : program(own);
    case 'container':
      return program([...own, ...containerNames(match)]);
    default:
      return match.grammar === null ? program(own) : interpreted(match.rest, match.grammar, image, own);
  }
}

function program(
  names: readonly string[],
  more: Partial<Omit<Program, 'kind' | 'names'>> = {},
): RunningProgram {
  return { kind: 'program', names, script: null, code: null, language: 'other', args: [], ...more };
}

function containerNames({ name, rest }: LauncherMatch): readonly string[] {
  if (DOCKER_GATEWAY.test(rest.join(' '))) return ['docker-mcp-gateway'];
  if (!name.endsWith('run')) return [];
  const { image } = readDockerRun(rest);
  return image === null ? [] : [image.replace(/@.*$/, '').replace(/:[^/]*$/, '')];
}

function interpreted(
  args: readonly string[],
  grammar: Grammar,
  image: Image,
  own: readonly string[],
): RunningProgram {
  const { language } = grammar;
  const valued = [grammar.code, grammar.envFile, grammar.settings, grammar.value, grammar.searched].flat();
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (word === '--' || (at === 0 && grammar.verbs.includes(word)) || word === '-jar') continue;
    if (!word.startsWith('-')) return ofScript(word, args.slice(at + 1), language, image.cwd ?? '/');
    const equals = word.indexOf('=');
    const flag = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? (args[at + 1] ?? '') : word.slice(equals + 1);
    if (grammar.inline.includes(flag)) return program(own, { code: value, language });
    if (grammar.module.includes(flag)) return program([value], { language });
    if (equals < 0 && valued.includes(flag)) at += 1;
  }
  return program(own, { language });
}

/** A script may itself be a launcher: `node /usr/bin/npx -y x`, `node …/.bin/tsx server.ts`. */
function ofScript(word: string, rest: readonly string[], language: Language, cwd: string): RunningProgram {
  const name = basename(word);
  const { kind } = matchLauncher(name.replace(SCRIPT_ENDING, ''), rest);
  if (STEPS.has(kind) || kind === 'interpreter') return LAUNCHER;
  if (/^(?:npm|jsr|https?):/.test(word)) return program([word.replace(/^(?:npm|jsr):\/?/, '')]);
  return program([name], { script: resolve(cwd, word), language, args: rest });
}
