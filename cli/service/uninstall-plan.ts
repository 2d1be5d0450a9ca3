import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { plistPath } from './launchd-plist.ts';
import { ADMIN_UNIT_DIRECTORY, LABELS, PLACES, type ServicePart } from './parts.ts';
import { fileDigest, type WrittenFile } from './service-record.ts';
import type { Step } from './steps.ts';

/** Directories that an install writes into: a record is never followed out of them. */
const WRITTEN_INTO = [
  `${ADMIN_UNIT_DIRECTORY}/`,
  '/etc/sysusers.d/',
  '/etc/tmpfiles.d/',
  '/Library/LaunchDaemons/',
];
/** Where servers' processes stay marked in the kernel while no agent runs. */
const PIN_DIRECTORY = '/sys/fs/bpf/sealwatch';
const TRUST_DIRECTORY = '/etc/sealwatch/trust';

export interface UninstallWish {
  readonly parts: readonly ServicePart[];
  readonly platform: NodeJS.Platform;
  readonly destdir: string;
  /** Whether configuration, state and keys go as well. */
  readonly purge: boolean;
  readonly written: readonly WrittenFile[];
}

/** What is left, and why, in words. */
export interface Kept {
  readonly path: string;
  readonly why: string;
}

export interface UninstallPlan {
  readonly steps: readonly Step[];
  readonly kept: readonly Kept[];
  /** What is still recorded afterwards. */
  readonly record: readonly WrittenFile[];
}

/** What an uninstall has to do. Nothing is done yet. */
export function planUninstall(wish: UninstallWish): UninstallPlan {
  const { parts, platform, destdir, purge, written } = wish;
  const ours = written.filter(({ part, path }) => parts.includes(part) && isWrittenInto(path));
  const isChanged = ({ path, sha256 }: WrittenFile) => fileDigest(join(destdir, path)) !== sha256;
  const there = ours.filter(({ path }) => existsSync(join(destdir, path)));
  const changed = there.filter(isChanged);
  const removed = there.filter((file) => !isChanged(file));
  const stopping = platform === 'darwin' ? launchdStop(wish, ours) : systemdStop(wish, ours);
  const after = platform === 'darwin' || destdir !== '' ? [] : systemdAfter(ours);
  const places = parts.flatMap((part) => placesOf(part, destdir));
  return {
    steps: [
      ...stopping,
      ...removed.map(({ path }): Step => ({ kind: 'remove', path })),
      ...after,
      ...(purge ? places.map(({ path }): Step => ({ kind: 'remove', path })) : []),
    ],
    kept: [
      ...changed.map(({ path }) => ({ path, why: 'changed since it was installed' })),
      ...(purge ? [] : places),
    ],
    record: written.filter((file) => !ours.includes(file) || changed.includes(file)),
  };
}

function isWrittenInto(path: string): boolean {
  const directory = WRITTEN_INTO.find((known) => path.startsWith(known));
  return directory !== undefined && join(directory, basename(path)) === path;
}

/** What of a part holds configuration, state and keys. */
function placesOf(part: ServicePart, destdir: string): readonly Kept[] {
  const { config, token, state, logs } = PLACES[part];
  const isThere = ({ path }: Kept) => existsSync(join(destdir, path));
  return [
    { path: config, why: 'configuration' },
    ...(token === null ? [] : [{ path: token, why: 'enrolment token' }]),
    ...(part === 'agent' ? [{ path: TRUST_DIRECTORY, why: 'trust roots' }] : []),
    { path: logs, why: 'logs' },
    { path: state, why: part === 'agent' ? 'state, keys and unsent alerts' : 'authority, keys and alerts' },
  ].filter(isThere);
}

function unitsOf(files: readonly WrittenFile[]): readonly string[] {
  return files
    .filter(({ path }) => path.startsWith(`${ADMIN_UNIT_DIRECTORY}/`))
    .map(({ path }) => basename(path));
}

function systemdStop({ destdir }: UninstallWish, ours: readonly WrittenFile[]): readonly Step[] {
  // One whose file is gone cannot be disabled.
  const units = unitsOf(ours.filter(({ path }) => existsSync(join(destdir, path))));
  if (units.length === 0) return [];
  const root = destdir === '' ? [] : [`--root=${destdir}`];
  const now = destdir === '' ? ['--now'] : [];
  return [{ kind: 'run', command: 'systemctl', args: [...root, 'disable', ...now, ...units] }];
}

function systemdAfter(ours: readonly WrittenFile[]): readonly Step[] {
  const units = unitsOf(ours);
  if (units.length === 0) return [];
  return [
    { kind: 'run', command: 'systemctl', args: ['daemon-reload'] },
    // A unit that had failed is listed for ever otherwise.
    { kind: 'run', command: 'systemctl', args: ['reset-failed', ...units], mayFail: true },
    ...(units.includes('sealwatch-agent.service') ? [{ kind: 'remove' as const, path: PIN_DIRECTORY }] : []),
  ];
}

function launchdStop({ destdir }: UninstallWish, ours: readonly WrittenFile[]): readonly Step[] {
  if (destdir !== '') return [];
  return ours
    .filter(({ part, path }) => path === plistPath(part))
    .map(({ part }) => ({
      kind: 'run',
      command: 'launchctl',
      args: ['bootout', `system/${LABELS[part]}`],
      mayFail: true,
    }));
}
