import { join } from 'node:path';
import type { CommandRunner } from './command-runner.ts';
import { plistPath } from './launchd-plist.ts';
import { ADMIN_UNIT_DIRECTORY, LABELS, PACKAGE_UNIT_DIRECTORIES, type ServicePart, UNITS } from './parts.ts';
import { fileDigest, type WrittenFile } from './service-record.ts';

/** Value of systemd for a figure that it does not know. */
const UNKNOWN_BYTES = '18446744073709551615';
const MAX_BYTES_DIGITS = 15;

/** One unit as the service manager knows it; null where it says nothing. */
export interface UnitStatus {
  readonly unit: string;
  readonly part: ServicePart;
  /** Who put the unit there; null where it is not installed. */
  readonly installed_by: 'package' | 'service install' | 'somebody else' | null;
  /** Whether what `service install` wrote was changed since, or settings were added in drop-ins. */
  readonly changed: boolean;
  readonly drop_ins: readonly string[];
  readonly enabled: string | null;
  readonly active: string | null;
  readonly sub: string | null;
  /** As the service manager writes it. */
  readonly since: string | null;
  readonly pid: number | null;
  readonly memory_bytes: number | null;
  /** `result` of systemd, or how launchd says that it ended, with the exit status. */
  readonly last_exit: { readonly result: string; readonly status: number } | null;
  /** Bytes from which the kernel slows it down; null for no limit. */
  readonly memory_high_bytes: number | null;
}

const PROPERTIES = [
  'LoadState',
  'FragmentPath',
  'DropInPaths',
  'UnitFileState',
  'ActiveState',
  'SubState',
  'ActiveEnterTimestamp',
  'InactiveEnterTimestamp',
  'MainPID',
  'MemoryCurrent',
  'MemoryHigh',
  'Result',
  'ExecMainStatus',
] as const;
type Property = (typeof PROPERTIES)[number];

/** Asks the service manager for one unit. Null where there is no such manager. */
export type UnitQuestion = (unit: string) => ReadonlyMap<string, string> | null;

/** Asks systemd by `systemctl show` (org.freedesktop.systemd1(5) has the properties). */
export function askSystemd(run: CommandRunner): UnitQuestion {
  return (unit) => {
    const { status, stdout } = run('systemctl', ['show', `--property=${PROPERTIES.join(',')}`, '--', unit]);
    if (status !== 0) return null;
    return new Map(
      stdout.split('\n').flatMap((line) => {
        const at = line.indexOf('=');
        return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
      }),
    );
  };
}

/** How every unit of systemd of these parts stands. */
export function systemdStatus(
  parts: readonly ServicePart[],
  ask: UnitQuestion,
  written: readonly WrittenFile[],
): readonly UnitStatus[] | null {
  const units = parts.flatMap((part) => UNITS[part].map((unit) => ({ part, unit })));
  const found = units.map(({ part, unit }) => {
    const shown = ask(unit);
    return shown === null ? null : unitStatus(part, unit, (name) => shown.get(name) || null, written);
  });
  const known = found.filter((status) => status !== null);
  return known.length === units.length ? known : null;
}

function unitStatus(
  part: ServicePart,
  unit: string,
  get: (name: Property) => string | null,
  written: readonly WrittenFile[],
): UnitStatus {
  const path = get('FragmentPath');
  const isThere = get('LoadState') !== 'not-found';
  const ours = written.find((file) => file.path === join(ADMIN_UNIT_DIRECTORY, unit));
  const isActive = get('ActiveState') === 'active';
  const status = get('ExecMainStatus');
  const result = get('Result');
  return {
    unit,
    part,
    installed_by: isThere ? installer(path, ours) : null,
    changed: ours !== undefined && isThere && fileDigest(ours.path) !== ours.sha256,
    drop_ins: get('DropInPaths')?.split(' ') ?? [],
    enabled: get('UnitFileState'),
    active: isThere ? get('ActiveState') : null,
    sub: isThere ? get('SubState') : null,
    since: get(isActive ? 'ActiveEnterTimestamp' : 'InactiveEnterTimestamp'),
    pid: positive(get('MainPID')),
    memory_bytes: bytes(get('MemoryCurrent')),
    last_exit: isThere && result !== null && status !== null ? { result, status: Number(status) } : null,
    memory_high_bytes: bytes(get('MemoryHigh')),
  };
}

function installer(path: string | null, ours: WrittenFile | undefined): UnitStatus['installed_by'] {
  if (path !== null && PACKAGE_UNIT_DIRECTORIES.some((directory) => path.startsWith(`${directory}/`)))
    return 'package';
  return ours === undefined ? 'somebody else' : 'service install';
}

function positive(text: string | null): number | null {
  const value = Number(text ?? 0);
  return Number.isInteger(value) && value > 0 ? value : null;
}

/** A figure of systemd in bytes; null for `[not set]`, `infinity` and the like. */
function bytes(text: string | null): number | null {
  if (text === null || text === UNKNOWN_BYTES || text.length > MAX_BYTES_DIGITS || !/^\d+$/.test(text))
    return null;
  return Number(text);
}

/** How every daemon of launchd of these parts stands: `launchctl print` is for people, so only few lines are read. */
export function launchdStatus(
  parts: readonly ServicePart[],
  run: CommandRunner,
  written: readonly WrittenFile[],
): readonly UnitStatus[] {
  return parts.map((part): UnitStatus => {
    const { status, stdout } = run('launchctl', ['print', `system/${LABELS[part]}`]);
    const value = (name: string) => new RegExp(`^\\s*${name} = (.+)$`, 'm').exec(stdout)?.[1]?.trim() ?? null;
    const ours = written.find(({ path }) => path === plistPath(part));
    const digest = fileDigest(plistPath(part));
    const isLoaded = status === 0;
    const code = value('last exit code');
    const isThere = isLoaded || digest !== null;
    return {
      unit: LABELS[part],
      part,
      installed_by: isThere ? (ours === undefined ? 'package' : 'service install') : null,
      changed: ours !== undefined && isThere && digest !== ours.sha256,
      drop_ins: [],
      enabled: isLoaded ? 'loaded' : isThere ? 'not loaded' : null,
      active: isLoaded ? (value('state') === 'running' ? 'active' : 'inactive') : null,
      sub: value('state'),
      since: null,
      pid: positive(value('pid')),
      memory_bytes: null,
      last_exit: code !== null && /^-?\d+$/.test(code) ? { result: 'exit-code', status: Number(code) } : null,
      memory_high_bytes: null,
    };
  });
}

/** Whether something is wrong with a unit: its part is not installed, has failed, or does not run. */
export function isWell({ unit, part, installed_by, active }: UnitStatus): boolean {
  const isMain = unit === UNITS[part][0] || unit === LABELS[part];
  if (active === 'failed') return false;
  return !isMain || (installed_by !== null && active === 'active');
}
