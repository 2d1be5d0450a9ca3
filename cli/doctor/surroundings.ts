import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { AccountNames } from '../../inventory/index.ts';
import type { Installation } from '../installation.ts';
import { type CommandRunner, runCommand } from '../service/command-runner.ts';

const MAX_FILE_BYTES = 64 * 1024;

/** The host that is looked at; tests play another. */
export interface Surroundings {
  readonly install: Pick<Installation, 'sensor' | 'rules' | 'version'>;
  readonly stateDir: string;
  readonly configPath: string;
  readonly platform: NodeJS.Platform;
  /** As uname(2) gives it. */
  readonly kernel: string;
  readonly isRoot: boolean;
  readonly userName: (uid: number) => string;
  readonly proc: string;
  readonly sys: string;
  readonly run: CommandRunner;
  readonly now: number;
}

export function thisHost(
  install: Surroundings['install'],
  { stateDir, config: configPath }: { readonly stateDir: string; readonly config: string },
): Surroundings {
  return {
    ...{ install, stateDir, configPath },
    platform: process.platform,
    kernel: release(),
    isRoot: process.getuid?.() === 0,
    userName: (uid) => AccountNames.ofHost().user(uid),
    proc: '/proc',
    sys: '/sys',
    run: runCommand,
    now: Date.now(),
  };
}

/** Text of a small file, or why there is none. */
export function lookInto(
  path: string,
): { readonly text: string } | { readonly fault: 'missing' | 'forbidden' } {
  try {
    return { text: readFileSync(path, 'utf8').slice(0, MAX_FILE_BYTES) };
  } catch (error) {
    return { fault: isForbidden(error) ? 'forbidden' : 'missing' };
  }
}

/** Whether an error of the file system says that the caller may not. */
export function isForbidden(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'EACCES' || code === 'EPERM';
}
