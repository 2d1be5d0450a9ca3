import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../inventory/index.ts';
import { CliError } from '../errors.ts';
import { LOG_DIRECTORY, launchdPlist, launchWords, plistPath } from './launchd-plist.ts';
import {
  LABELS,
  PACKAGE_UNIT_DIRECTORIES,
  PLACES,
  type ServicePart,
  TOKEN_CREDENTIAL,
  UNITS,
} from './parts.ts';
import {
  agentConfigText,
  centralConfigText,
  enabledUnits,
  type ServiceFile,
  systemdFiles,
} from './service-files.ts';
import { fileDigest, type WrittenFile } from './service-record.ts';
import type { Step } from './steps.ts';

export interface InstallWish {
  readonly parts: readonly ServicePart[];
  readonly platform: NodeJS.Platform;
  /** Where the installation lies on this host, and where its services will find it. */
  readonly root: string;
  readonly seenAs: string;
  /** An image that is built; empty on the running system. */
  readonly destdir: string;
  /** `wss://` URL of central for the first config; null where none was given. */
  readonly central: string | null;
  /** Enrolment token; null where none was given. */
  readonly token: string | null;
  /** What an earlier install wrote. */
  readonly written: readonly WrittenFile[];
}

export interface InstallPlan {
  /** In order: files first, then commands. */
  readonly steps: readonly Step[];
  /** What an uninstall will remove. */
  readonly record: readonly WrittenFile[];
}

/**
 * What an install has to do. Nothing is done yet.
 * @throws {CliError} where a package is there, a file is somebody else's, or a config needs what was not given
 */
export function planInstall(wish: InstallWish): InstallPlan {
  const { parts, platform, root, seenAs, destdir, written } = wish;
  for (const part of parts) refusePackage(part, destdir);
  const files = parts.flatMap((part) =>
    platform === 'darwin'
      ? [{ part, path: plistPath(part), text: launchdPlist(part, launchWords(root, seenAs)), mode: 0o644 }]
      : systemdFiles(part, root, seenAs),
  );
  for (const file of files) refuseForeign(file, destdir, written);
  const commands = platform === 'darwin' ? launchdCommands(wish) : systemdCommands(wish, files);
  const others = written.filter(({ path }) => !files.some((file) => file.path === path));
  return {
    steps: [...settings(wish), ...files.map((file) => ({ kind: 'write' as const, ...file })), ...commands],
    record: [...others, ...files.map(({ part, path, text }) => ({ part, path, sha256: sha256Hex(text) }))],
  };
}

function refusePackage(part: ServicePart, destdir: string): void {
  for (const directory of PACKAGE_UNIT_DIRECTORIES) {
    const path = join(destdir, directory, UNITS[part][0]);
    if (!existsSync(path)) continue;
    throw new CliError('CLI_SERVICE_PACKAGED', `a package has installed this service: ${path}`, {
      hint: `upgrade or remove it with the package manager: the package is sealwatch-${part}`,
    });
  }
}

/** A file that no install wrote, or that was changed since, is never written over. */
function refuseForeign(file: ServiceFile, destdir: string, written: readonly WrittenFile[]): void {
  const path = join(destdir, file.path);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  const digest = fileDigest(path);
  const ours = written.find((known) => known.path === file.path)?.sha256;
  if (digest === ours || digest === sha256Hex(file.text)) return;
  throw new CliError('CLI_SERVICE_FILE_FOREIGN', `${path} is not as an install wrote it`, {
    hint: 'move it away; own settings of a unit belong into a drop-in (`systemctl edit`)',
  });
}

/** Configs where there are none, and the token that was given. */
function settings({ parts, platform, destdir, central, token }: InstallWish): readonly Step[] {
  const steps: Step[] = [{ kind: 'directory', path: '/etc/sealwatch', mode: 0o755 }];
  for (const part of parts) {
    const { config } = PLACES[part];
    if (existsSync(join(destdir, config))) continue;
    steps.push({ kind: 'write', path: config, text: firstConfig(part, platform, central), mode: 0o644 });
  }
  if (token !== null && parts.includes('agent'))
    steps.push({ kind: 'write', path: PLACES.agent.token, text: `${token}\n`, mode: 0o600 });
  return steps;
}

function firstConfig(part: ServicePart, platform: NodeJS.Platform, central: string | null): string {
  if (part === 'central') return centralConfigText();
  const tokenFile = platform === 'darwin' ? PLACES.agent.token : TOKEN_CREDENTIAL;
  if (central !== null) return agentConfigText(central, tokenFile);
  throw new CliError('CLI_USAGE', `there is no ${PLACES.agent.config} yet, and no central was named`, {
    hint: 'say --central wss://HOST:7443, and --token-file FILE with the token of `sealwatch central token create`',
  });
}

function systemdCommands({ destdir, written }: InstallWish, files: readonly ServiceFile[]): readonly Step[] {
  const units = enabledUnits(files);
  if (destdir !== '') {
    return [{ kind: 'run', command: 'systemctl', args: [`--root=${destdir}`, 'enable', ...units] }];
  }
  const from = (directory: string) =>
    files.filter(({ path }) => path.startsWith(directory)).map(({ path }) => path);
  const run = (command: string, ...args: readonly string[]): Step => ({ kind: 'run', command, args });
  // What runs from older files goes on with them until it is started again.
  const isNew = files.some(({ path, text }) => {
    const before = written.find((known) => known.path === path);
    return before !== undefined && before.sha256 !== sha256Hex(text);
  });
  return [
    run('systemd-sysusers', ...from('/etc/sysusers.d/')),
    run('systemd-tmpfiles', '--create', ...from('/etc/tmpfiles.d/')),
    run('systemctl', 'daemon-reload'),
    run('systemctl', 'enable', '--now', ...units),
    ...(isNew ? [run('systemctl', 'try-restart', ...units)] : []),
  ];
}

function launchdCommands({ parts, destdir }: InstallWish): readonly Step[] {
  if (destdir !== '') return [];
  return parts.flatMap((part): readonly Step[] => [
    { kind: 'directory', path: LOG_DIRECTORY, mode: 0o755 },
    { kind: 'directory', path: PLACES[part].state, mode: 0o700 },
    // One that is loaded already cannot be loaded; where none is, this fails.
    { kind: 'run', command: 'launchctl', args: ['bootout', `system/${LABELS[part]}`], mayFail: true },
    { kind: 'run', command: 'launchctl', args: ['enable', `system/${LABELS[part]}`] },
    { kind: 'run', command: 'launchctl', args: ['bootstrap', 'system', plistPath(part)] },
  ]);
}
