import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadRules } from '../../agent/index.ts';
import type { CauseCode } from './causes.ts';
import { type Check, unseen, well, wrong } from './check.ts';
import { lookInto, type Surroundings } from './surroundings.ts';

/** Inotify watches and instances below which a developer's machine runs out. */
const ENOUGH_WATCHES = 16_384;
const ENOUGH_INSTANCES = 64;
/** Oldest kernel that the sensor loads on. */
const LEAST_KERNEL = [5, 10] as const;
/** First kernel that has /proc/sys/fs/fanotify. */
const FANOTIFY_SETTINGS = [5, 13] as const;

/** What the installation brings, and whether this host lets it work. */
export function hostChecks(here: Surroundings): readonly Check[] {
  const shared = [sensorCheck(here), rulesCheck(here), clockCheck(here)];
  if (here.platform !== 'linux') return shared;
  return [
    ...shared,
    kernelCheck(here),
    typesCheck(here),
    lsmCheck(here),
    fanotifyCheck(here),
    limitCheck(here, 'inotify watches', 'max_user_watches', ENOUGH_WATCHES, 'inotify-watches-few'),
    limitCheck(here, 'inotify instances', 'max_user_instances', ENOUGH_INSTANCES, 'inotify-instances-few'),
  ];
}

function sensorCheck({ install, isRoot, platform }: Surroundings): Check {
  const name = 'kernel sensor';
  if (platform === 'darwin') return well(name, 'not used on macOS: eslogger tells of processes');
  if (install.sensor === null) return wrong(name, 'sensor-not-built', 'not built');
  return well(name, isRoot ? install.sensor : `${install.sensor}; only root, or its service, can load it`);
}

function rulesCheck({ install }: Surroundings): Check {
  const name = 'rules';
  const { rules, refused } = loadRules([install.rules]);
  const detail = `${rules.length} load, ${refused.length} are refused`;
  return refused.length === 0 ? well(name, detail) : wrong(name, 'rules-refused', detail);
}

function kernelCheck({ kernel }: Surroundings): Check {
  const name = 'kernel version';
  return isOlder(kernel, LEAST_KERNEL) ? wrong(name, 'kernel-old', kernel) : well(name, kernel);
}

/** `kernel` as uname(2) gives it. */
function isOlder(kernel: string, [leastMajor, leastMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

function typesCheck({ sys }: Surroundings): Check {
  const path = join(sys, 'kernel', 'btf', 'vmlinux');
  return existsSync(path)
    ? well('kernel types', path)
    : wrong('kernel types', 'btf-missing', `${path} is missing`);
}

/** It tells more where it is there; nothing depends on it. */
function lsmCheck({ sys }: Surroundings): Check {
  const name = 'BPF LSM';
  const found = lookInto(join(sys, 'kernel', 'security', 'lsm'));
  if ('fault' in found) return unseen(name, `the list of security modules cannot be read (${found.fault})`);
  const modules = found.text.trim().split(',');
  return well(name, modules.includes('bpf') ? 'on' : 'off: tracepoints and fanotify do its work');
}

function fanotifyCheck({ proc, kernel }: Surroundings): Check {
  const name = 'fanotify';
  const path = join(proc, 'sys', 'fs', 'fanotify');
  if (existsSync(path)) return well(name, 'in the kernel');
  if (isOlder(kernel, FANOTIFY_SETTINGS)) return unseen(name, 'this kernel does not say');
  return wrong(name, 'fanotify-missing', `${path} is missing`);
}

function limitCheck(
  { proc }: Surroundings,
  name: string,
  file: string,
  enough: number,
  code: CauseCode,
): Check {
  const found = lookInto(join(proc, 'sys', 'fs', 'inotify', file));
  if ('fault' in found) return unseen(name, `${file} cannot be read (${found.fault})`);
  const limit = Number(found.text);
  return limit >= enough ? well(name, `${limit} allowed`) : wrong(name, code, `${limit} allowed`);
}

/** timedatectl(1) of systemd; other keepers of time are not asked. */
function clockCheck({ run, platform }: Surroundings): Check {
  const name = 'clock';
  if (platform !== 'linux') return unseen(name, 'not asked on this system');
  const { status, stdout } = run('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  const answer = stdout.trim();
  if (status !== 0 || answer === '') return unseen(name, 'timedatectl does not answer');
  return answer === 'yes'
    ? well(name, 'synchronised')
    : wrong(name, 'clock-unsynchronised', 'not synchronised');
}
