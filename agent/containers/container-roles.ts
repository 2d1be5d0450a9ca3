import { basename } from 'node:path';
import { type Image, isShell } from '../enrich/launch-chain.ts';
import type { ProcessRole } from '../enrich/process-table.ts';

/** What `--init` puts before the command: it reaps, and runs its arguments. */
const INIT_PROGRAMS: ReadonlySet<string> = new Set([
  'docker-init',
  'podman-init',
  'catatonit',
  'tini',
  'dumb-init',
]);
/** Role of the first process of a container, by the role of what had it made. */
export function roleOfFirst(image: Image, made: ProcessRole): ProcessRole {
  if (made !== 'launcher') return 'inside';
  return isInitProgram(image) ? 'launcher' : 'server';
}

/**
 * Role of a new image in a container. The first process stays the server while it runs what it was given as
 * arguments, or goes from a script of the image to a program: an entry point does so. All else is inside.
 */
export function roleInContainer(
  role: ProcessRole,
  isHolder: boolean,
  before: Image,
  image: Image,
): ProcessRole {
  if (role === 'launcher') return isInitProgram(before) && isTail(image, before) ? 'server' : 'inside';
  if (role !== 'server' || !isHolder) return 'inside';
  return isTail(image, before) || (isShell(before) && !isShell(image)) ? 'server' : 'inside';
}

function isInitProgram({ exe, argv }: Image): boolean {
  return [exe, argv[0] ?? ''].some((path) => INIT_PROGRAMS.has(basename(path)));
}

/** Whether an image runs the last words, but not all, of the one before. */
function isTail({ argv }: Image, before: Image): boolean {
  const words = before.argv.slice(-argv.length);
  return (
    argv.length > 0 && argv.length < before.argv.length && argv.every((word, index) => word === words[index])
  );
}
