import { existsSync, realpathSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { CliError } from '../../errors.ts';
import type { Installation } from '../../installation.ts';
import { type CommandRunner, runCommand } from '../../service/command-runner.ts';
import type { ServicePart } from '../../service/parts.ts';
import { RECORD_PATH, ServiceRecord } from '../../service/service-record.ts';

/** What stands in for the host in tests. */
export interface ServiceHost {
  readonly platform: NodeJS.Platform;
  readonly run: CommandRunner;
  /** User ids that may own what a service runs. */
  readonly owners: readonly number[];
  readonly isRoot: boolean;
  /** Whether a systemd runs here. */
  readonly hasSystemd: boolean;
  /** The words after `sealwatch`, for the hint that names the one command. */
  readonly words: readonly string[];
  /** File that tells the agent why it is stopped. */
  readonly stoppingPath?: string;
}

export function thisHost(): ServiceHost {
  return {
    platform: process.platform,
    run: runCommand,
    owners: [0],
    isRoot: process.getuid?.() === 0,
    hasSystemd: existsSync('/run/systemd/system'),
    words: process.argv.slice(2),
  };
}

export interface PartChoice {
  readonly agent?: boolean;
  readonly centralNode?: boolean;
}

export interface ServiceChoice extends PartChoice {
  readonly destdir?: string;
  readonly dryRun?: boolean;
}

/** The parts that were named; null where none was. */
export function namedParts({ agent, centralNode }: PartChoice): readonly ServicePart[] | null {
  const parts = [
    ...(agent === true ? (['agent'] as const) : []),
    ...(centralNode === true ? (['central'] as const) : []),
  ];
  return parts.length === 0 ? null : parts;
}

/** The directory that stands before every path; empty for the running system. */
export function destdirOf({ destdir }: ServiceChoice): string {
  const path = destdir === undefined ? '' : resolve(destdir);
  return path === '/' ? '' : path;
}

/** Where the services will find the installation: an image is built with the root in it, or at the same place. */
export function rootSeen({ root }: Installation, destdir: string): string {
  const real = realpathSync(root);
  if (destdir === '') return real;
  const inside = relative(realpathSync(destdir), real);
  return inside.startsWith(`..${sep}`) || inside === '..' ? real : `${sep}${inside}`;
}

export function recordIn(destdir: string): ServiceRecord {
  return new ServiceRecord(join(destdir, RECORD_PATH));
}

/** @throws {CliError} CLI_SERVICE_UNSUPPORTED, CLI_NOT_ROOT */
export function refuseUnable(
  { platform, isRoot, hasSystemd, words }: ServiceHost,
  { root }: Installation,
  choice: ServiceChoice,
): void {
  if (platform !== 'linux' && platform !== 'darwin')
    throw new CliError('CLI_SERVICE_UNSUPPORTED', `there is no service manager for ${platform}`);
  if (platform === 'linux' && !hasSystemd && destdirOf(choice) === '') {
    throw new CliError('CLI_SERVICE_UNSUPPORTED', 'systemd does not run here', {
      hint: 'have your own supervisor run `sealwatch agent run --config FILE`, or build an image with --destdir',
    });
  }
  if (isRoot || choice.dryRun === true) return;
  throw new CliError('CLI_NOT_ROOT', 'only root installs and removes services', {
    hint: `sudo ${join(root, 'bin', 'sealwatch')} ${words.join(' ')}`,
  });
}
