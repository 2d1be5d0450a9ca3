import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { type LaunchSpec, readRunnerCall, shellCommands } from '../../inventory/index.ts';
import { isEngineClient, isEngineHelper } from '../containers/engine-programs.ts';
import { matchesLaunch } from './launch-match.ts';
import type { ProcessRole } from './process-table.ts';

/** Bytes of a wrapper script that are read to learn what it asks for. */
const MAX_SCRIPT_BYTES = 256 * 1024;
/** Programs that are a shell whatever they are called with. */
export const SHELL_NAMES: ReadonlySet<string> = new Set([
  'sh',
  'bash',
  'dash',
  'ash',
  'zsh',
  'ksh',
  'mksh',
  'yash',
  'fish',
  'bash-static',
  'zsh-static',
]);

/** Words among which the script of a version manager stands: `env bash -e SCRIPT`. */
const SHIM_WORDS = 4;

/** The new image that is judged. */
export interface Image {
  readonly exe: string;
  readonly argv: readonly string[];
  readonly cwd?: string | null;
  /** Size of its file, where the kernel told it. */
  readonly bytes?: number | null;
}

/** What the sealed closure says about a launch, beside the command itself. */
export interface Launch {
  readonly spec: LaunchSpec;
  /** Paths of the closure's artefacts. */
  readonly artefacts: ReadonlySet<string>;
}

export function isShell(image: Image): boolean {
  return isShellName(basename(image.exe)) || isShellName(basename(image.argv[0] ?? '').replace(/^-/, ''));
}

/** Whether a program of this name is a shell, however it is called. */
export function isShellName(name: string): boolean {
  return SHELL_NAMES.has(name);
}

/** A `#!` script arrives twice under one pid, first as `env node x`, then as `node x`. */
export function isShebangStep(before: Image, image: Image): boolean {
  const words = before.argv.slice(-image.argv.length);
  return basename(before.exe) === 'env' && image.argv.every((word, index) => word === words[index]);
}

/** Role of the process that the client starts: a launcher where the entry names a runner or a shell. */
export function rootRole(image: Image, launch: Launch): ProcessRole {
  const direct = launch.spec.launcher === 'direct' || launch.spec.launcher === 'interpreter';
  return direct && !isShell(image) && !isOfShim(image) && !isEngineClient(image) ? 'server' : 'launcher';
}

/**
 * Role of an image that a launcher executes: still on the way, the server, or something that the config
 * never asked for. What a package runner or wrapper may run is read from the config and from the wrapper
 * itself, which is part of the sealed closure; a shell that is neither is never part of the chain.
 */
export function roleAfterLauncher(image: Image, launcher: Image, launch: Launch): ProcessRole {
  if (matchesLaunch(image.argv, launch.spec)) return rootRole(image, launch);
  if (isOfShim(image) || (isOfShim(launcher) && !isShell(image))) return 'launcher';
  if (launch.spec.launcher === 'npx') return roleUnderNpx(image, launcher, launch.spec);
  const runner = runnerUnder(image, launcher, launch);
  if (runner !== null)
    return matchesLaunch(image.argv, runner) ? 'launcher' : roleUnderNpx(image, launcher, runner);
  if (isEngineClient(launcher)) return isEngineHelper(image) ? 'launcher' : 'inside';
  if (isShell(launcher)) return roleUnderShell(image, launcher, launch);
  if (isEngineClient(image)) return 'launcher';
  return isShell(image) ? 'inside' : 'server';
}

function roleUnderNpx(image: Image, launcher: Image, spec: LaunchSpec): ProcessRole {
  if (isShell(image)) return runsOnlyThePackage(image, spec) ? 'launcher' : 'inside';
  if (!isShell(launcher)) return runsBinary(image, packageStem(spec)) ? 'server' : 'inside';
  const [command] = inlineCommands(launcher.argv);
  return command !== undefined && runsBinary(image, basename(command[0] ?? '')) ? 'server' : 'inside';
}

/** Scripts of the version managers whose shims stand in the place of an interpreter. */
const SHIM_SCRIPT =
  /\/\.?(?:pyenv|rbenv|nodenv|asdf|goenv|jenv|plenv)\/(?:shims|libexec|bin|lib|plugins)\/[^\0]+$/;

/** Whether this is a shell on the way from a version manager's shim to the interpreter that it stands for. */
function isOfShim(image: Image): boolean {
  if (!isShell(image) && basename(image.exe) !== 'env') return false;
  return image.argv.slice(0, SHIM_WORDS).some((word) => SHIM_SCRIPT.test(word));
}

/** Package runners whose way to the server is that of npx. */
const RUNNERS: ReadonlySet<string> = new Set(['npx', 'pnpx', 'bunx']);
/** `A=1` before a command, and what `env` itself takes without a value. */
const ENV_WORD = /^(?:[A-Za-z_]\w*=|-[iv0]+$|--$)/;

/** The package runner that a wrapper or `env` asks for, where this image is on its way or the image before was. */
function runnerUnder(image: Image, launcher: Image, launch: Launch): LaunchSpec | null {
  const { spec } = launch;
  const root = { exe: spec.resolved ?? spec.command, argv: [spec.command, ...spec.args] };
  const commands =
    spec.launcher === 'env' ? [spec.args] : spec.launcher === 'shell' ? commandsOf(root, launch) : [];
  const isOnItsWay = (runner: LaunchSpec) =>
    matchesLaunch(image.argv, runner) ||
    matchesLaunch(launcher.argv, runner) ||
    (isShell(launcher) && runsOnlyThePackage(launcher, runner));
  return commands.flatMap((command) => runnerSpec(command, spec) ?? []).find(isOnItsWay) ?? null;
}

function runnerSpec(asked: readonly string[], outer: LaunchSpec): LaunchSpec | null {
  const first = asked.findIndex((word) => !ENV_WORD.test(word) && word !== 'env');
  const [command, ...args] = first < 0 ? [] : asked.slice(first);
  if (command === undefined || !RUNNERS.has(basename(command))) return null;
  const call = readRunnerCall(args);
  return {
    ...outer,
    command,
    args,
    resolved: null,
    launcher: 'npx',
    package: call.package,
    script: null,
    server_args: call.words.slice(1),
  };
}

/** npm runs lifecycle scripts in the package's own directory, and the binary where the client stands. */
const PACKAGE_DIRECTORY = /\/node_modules\//;

/** npm runs a package's binary as `sh -c 'bin args'` (@npmcli/run-script); nothing else may be in that text. */
function runsOnlyThePackage(image: Image, spec: LaunchSpec): boolean {
  const commands = inlineCommands(image.argv);
  const [command] = commands;
  if (command === undefined || commands.length !== 1) return false;
  if (PACKAGE_DIRECTORY.test(image.cwd ?? '')) return false;
  const text = inlineText(image.argv) ?? '';
  if (/[`$<>|;&]/.test(text.replaceAll(/'[^']*'/g, ''))) return false;
  const words = [...command.slice(1), ...image.argv.slice(image.argv.indexOf(text) + 1)];
  return (
    spec.server_args.every((arg, index) => words[index] === arg) && words.length === spec.server_args.length
  );
}

function runsBinary(image: Image, name: string): boolean {
  return name !== '' && image.argv.slice(0, 3).some((word) => basename(word) === name);
}

function packageStem(spec: LaunchSpec): string {
  const name = (spec.package ?? '').replace(/(?<=.)@[^/]*$/, '');
  return basename(name);
}

function roleUnderShell(image: Image, launcher: Image, launch: Launch): ProcessRole {
  if (isShell(image)) return launch.artefacts.has(scriptOf(image.argv) ?? '') ? 'launcher' : 'inside';
  if (image.argv.some((word) => launch.artefacts.has(word))) return roleOfAsked(image);
  const asked = commandsOf(launcher, launch).some((command) => isAsked(image.argv, command));
  return asked ? roleOfAsked(image) : 'inside';
}

/** `env`, `npx` and other runners under a wrapper are still on the way to the server. */
function roleOfAsked(image: Image): ProcessRole {
  const names = image.argv.slice(0, 2).map((word) => basename(word));
  return names.some((name) => ['env', 'npx', 'npm', 'uvx', 'uv', 'pnpm', 'bunx'].includes(name)) ||
    isEngineClient(image)
    ? 'launcher'
    : 'server';
}

function isAsked(argv: readonly string[], command: readonly string[]): boolean {
  if (basename(command[0] ?? '') !== basename(argv[0] ?? '')) return false;
  return command
    .slice(1)
    .every((word, index) => word.includes('$') || word.includes('*') || argv[index + 1] === word);
}

function inlineText(argv: readonly string[]): string | null {
  const flag = argv.findIndex((word, index) => index > 0 && /^-[a-z]*c[a-z]*$/.test(word));
  return flag < 0 ? null : (argv[flag + 1] ?? null);
}

function inlineCommands(argv: readonly string[]): readonly (readonly string[])[] {
  const text = inlineText(argv);
  return text === null ? [] : shellCommands(text);
}

function scriptOf(argv: readonly string[]): string | null {
  return argv.slice(1).find((word) => !word.startsWith('-')) ?? null;
}

/** Commands that a shell was told to run: its `-c` text, or its script where that is part of the closure. */
function commandsOf(shell: Image, launch: Launch): readonly (readonly string[])[] {
  const inline = inlineCommands(shell.argv);
  if (inline.length > 0) return inline;
  const script = scriptOf(shell.argv);
  if (script === null) return [];
  const sealed = launch.artefacts.has(script) ? script : launch.spec.script;
  if (sealed === null || basename(sealed) !== basename(script)) return [];
  return shellCommands(readScript(sealed));
}

function readScript(path: string): string {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= MAX_SCRIPT_BYTES ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}
