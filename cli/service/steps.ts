import { chmodSync, lstatSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeDurably } from '../../approval/index.ts';
import { CliError } from '../errors.ts';
import type { CommandRunner } from './command-runner.ts';

const MAX_SAID_CHARS = 500;

/** One thing that an install or an uninstall does; paths are those of the installed system. */
export type Step =
  | { readonly kind: 'write'; readonly path: string; readonly text: string; readonly mode: number }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'remove'; readonly path: string }
  | {
      readonly kind: 'run';
      readonly command: string;
      readonly args: readonly string[];
      /** Whether the rest is done although it fails. */
      readonly mayFail?: boolean;
    };

/** Where steps are carried out. */
export interface Ground {
  /** Stands before every path: an image that is built; empty on the running system. */
  readonly destdir: string;
  readonly run: CommandRunner;
}

/** What a step comes to: `same` where it was so already. */
export type Outcome = 'done' | 'same' | 'failed';

/** A step in one line, as `--dry-run` prints it. */
export function stepLine(step: Step): string {
  switch (step.kind) {
    case 'write':
      return `write ${step.path} (${step.mode.toString(8).padStart(4, '0')})`;
    case 'directory':
      return `make ${step.path} (${step.mode.toString(8).padStart(4, '0')})`;
    case 'remove':
      return `remove ${step.path}`;
    case 'run':
      return `run ${[step.command, ...step.args].join(' ')}`;
  }
}

/** Does one step. @throws {CliError} CLI_SERVICE_COMMAND_FAILED */
export function carryOut(step: Step, { destdir, run }: Ground): Outcome {
  switch (step.kind) {
    case 'write':
      return write(join(destdir, step.path), step.text, step.mode);
    case 'directory':
      mkdirSync(join(destdir, step.path), { recursive: true, mode: step.mode });
      return 'done';
    case 'remove':
      return remove(join(destdir, step.path));
    case 'run':
      return runStep(step, run);
  }
}

function write(path: string, text: string, mode: number): Outcome {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const isSame =
    stat?.isFile() === true && (stat.mode & 0o7777) === mode && readFileSync(path, 'utf8') === text;
  if (isSame) return 'same';
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeDurably(path, text, mode);
  // Whatever the umask of the caller is: the service reads it as another user.
  chmodSync(path, mode);
  return 'done';
}

/** Removes a file or a tree, and the directory above it where that is Sealwatch's own and empty now. */
function remove(path: string): Outcome {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return 'same';
  rmSync(path, { recursive: true, force: true });
  if (dirname(path).endsWith('/etc/sealwatch')) removeIfEmpty(dirname(path));
  return 'done';
}

/** Removes a directory unless something lies in it. */
export function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // What lies there still is somebody's.
  }
}

function runStep(step: Extract<Step, { kind: 'run' }>, run: CommandRunner): Outcome {
  const { status, stderr, stdout } = run(step.command, step.args);
  if (status === 0) return 'done';
  if (step.mayFail === true) return 'failed';
  const said = (stderr.trim() || stdout.trim()).slice(0, MAX_SAID_CHARS);
  const words = [step.command, ...step.args].join(' ');
  throw new CliError('CLI_SERVICE_COMMAND_FAILED', `\`${words}\` failed${said === '' ? '' : `: ${said}`}`, {
    hint: 'mend what it says and run the same command again: what is done already is not done twice',
  });
}
