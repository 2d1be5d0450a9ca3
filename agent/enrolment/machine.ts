import { execFile } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds that `ioreg` may take. */
const IOREG_TIMEOUT_MS = 5_000;
/** Interfaces that are looked at. */
const MAX_INTERFACES = 64;
/** Bytes of `ioreg`'s answer. */
const MAX_IOREG_BYTES = 256 * 1024;

/** A thing that two machines do not share, by what it is. */
export type MachineTrait = readonly [kind: string, value: string];

/**
 * What tells this machine from others: SHA-256 over its traits, hex; null where it has none. Each is first made
 * unreadable with the salt, so that nothing of them leaves the host.
 */
export function machineDigest(traits: readonly MachineTrait[], salt: string): string | null {
  if (traits.length === 0) return null;
  const lines = traits.map(([kind, value]) =>
    createHmac('sha256', salt).update(`${kind}\0${value}`).digest('hex'),
  );
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

/** The traits of this machine. `root` is where its file systems lie. */
export async function machineTraits(
  platform: NodeJS.Platform = process.platform,
  root = '/',
): Promise<readonly MachineTrait[]> {
  if (platform === 'darwin') {
    const uuid = platformUuid(await ioreg());
    return uuid === null ? [] : [['platform-uuid', uuid]];
  }
  const named: readonly MachineTrait[] = [
    ['machine-id', lineOf(join(root, 'etc/machine-id'))],
    ['product-uuid', lineOf(join(root, 'sys/class/dmi/id/product_uuid'))],
    ['root-uuid', rootUuid(root)],
  ];
  return [...named.filter(([, value]) => value !== ''), ...hardwareAddresses(root)];
}

/** The first line of a file; empty where it cannot be read: some are root's. */
function lineOf(path: string): string {
  try {
    return (readFileSync(path, 'utf8').split('\n')[0] ?? '').trim().toLowerCase();
  } catch {
    return '';
  }
}

/** Addresses of built-in network cards. What is plugged in comes and goes, and a virtual one belongs to no machine. */
function hardwareAddresses(root: string): readonly MachineTrait[] {
  const directory = join(root, 'sys/class/net');
  const addresses: MachineTrait[] = [];
  for (const name of namesIn(directory).slice(0, MAX_INTERFACES)) {
    const device = realPath(join(directory, name, 'device'));
    if (device === null || device.includes('/usb')) continue;
    const address = lineOf(join(directory, name, 'address'));
    if (address !== '') addresses.push(['hardware-address', address]);
  }
  return addresses;
}

/** UUID of the root file system, by the device that it lies on; device numbers themselves change at a boot. */
function rootUuid(root: string): string {
  const directory = join(root, 'dev/disk/by-uuid');
  try {
    const { dev } = statSync(root);
    return namesIn(directory).find((uuid) => statSync(join(directory, uuid)).rdev === dev) ?? '';
  } catch {
    return '';
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

function ioreg(): Promise<string> {
  const options = { timeout: IOREG_TIMEOUT_MS, maxBuffer: MAX_IOREG_BYTES } as const;
  return new Promise((resolve) => {
    execFile('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'], options, (error, stdout) =>
      resolve(error === null ? stdout : ''),
    );
  });
}

/** `IOPlatformUUID` in what `ioreg -rd1 -c IOPlatformExpertDevice` prints; null where it is not there. */
export function platformUuid(text: string): string | null {
  return /"IOPlatformUUID"\s*=\s*"([0-9A-Fa-f-]{36})"/.exec(text)?.[1]?.toLowerCase() ?? null;
}
