// Builds the kernel sensor where this machine can run it. Never fatal: without it the sampler watches.
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { runLogged } from './command.mjs';

const PRODUCTS = ['sensor.bpf.o', 'sealwatch-sensor'];
const TOOLS = ['clang', 'bpftool', 'make', 'cc'];
const HEADERS = ['bpf/libbpf.h', 'libelf.h', 'zlib.h', 'stdio.h'];
const PACKAGES = ['clang', 'bpftool', 'libbpf-dev', 'libelf-dev', 'zlib1g-dev', 'make', 'gcc', 'libc6-dev'];
const APT_OPTIONS = ['http::Timeout=10', 'https::Timeout=10', 'Retries=0'].flatMap((o) => [
  '-o',
  `Acquire::${o}`,
]);
const UPDATE_MS = 60_000;
const INSTALL_MS = 300_000;
const BUILD_MS = 180_000;

/** bpftool lies in /usr/sbin, which an ordinary user's PATH may lack. */
function toolEnv() {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin` };
}

function isOnPath(tool) {
  return toolEnv()
    .PATH.split(delimiter)
    .some((folder) => {
      try {
        accessSync(join(folder, tool), constants.X_OK);
        return folder !== '';
      } catch {
        return false;
      }
    });
}

function missingTools() {
  const tools = TOOLS.filter((tool) => !isOnPath(tool));
  const headers = HEADERS.filter(
    (header) => !['/usr/include', '/usr/local/include'].some((root) => existsSync(join(root, header))),
  );
  return [...tools, ...headers];
}

function digest(folder) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  const sources = readdirSync(folder).filter((name) => name === 'Makefile' || /\.[ch]$/.test(name));
  for (const name of sources.sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  return `${hash.digest('hex')}\n`;
}

function isCurrent(out, stamp) {
  const path = join(out, '.stamp');
  const built = [...PRODUCTS.map((name) => join(out, name)), path].every((file) => existsSync(file));
  return built && readFileSync(path, 'utf8') === stamp;
}

/** Installs the tools by apt; resolves with a reason where that failed. */
async function installTools(log) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const updated = await runLogged('apt-get', ['-q', ...APT_OPTIONS, 'update'], {
    env,
    log,
    timeoutMs: UPDATE_MS,
  });
  const options = [...APT_OPTIONS, '-o', 'DPkg::Lock::Timeout=30'];
  const args = ['-q', ...options, 'install', '-y', '--no-install-recommends', ...PACKAGES];
  const installed = await runLogged('apt-get', args, { env, log, timeoutMs: INSTALL_MS });
  if (installed.status === 0) return null;
  const failed = updated.status === 0 ? 'apt-get install' : 'apt-get update and install';
  return `${failed} failed (see ${log})`;
}

/** Builds in a folder beside `out` and renames the products, so that two builds at once do no harm. */
async function build(folder, out, stamp, log) {
  mkdirSync(out, { recursive: true });
  const work = mkdtempSync(join(out, '.build-'));
  try {
    const args = ['-C', folder, 'all', `OUT=${work}`];
    const made = await runLogged('make', args, { env: toolEnv(), log, timeoutMs: BUILD_MS });
    if (made.status !== 0) return `the build failed (see ${log})`;
    for (const name of PRODUCTS) renameSync(join(work, name), join(out, name));
    writeFileSync(join(work, '.stamp'), stamp);
    renameSync(join(work, '.stamp'), join(out, '.stamp'));
    return null;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Why this machine cannot run the sensor at all, else null. */
function whyNotHere() {
  if (process.env.SEALWATCH_SENSOR === 'off') return 'switched off by SEALWATCH_SENSOR=off';
  if (process.platform !== 'linux') return 'the kernel sensor is for Linux';
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'the kernel offers no BTF (/sys/kernel/btf/vmlinux)';
  return null;
}

/** Sees to the tools; resolves with a reason where they are missing for good. */
async function ensureTools(log, mayInstall) {
  const missing = missingTools();
  if (missing.length === 0) return null;
  const isRoot = process.getuid?.() === 0;
  if (!mayInstall || !isRoot || !isOnPath('apt-get')) {
    const command = `${isRoot ? '' : 'sudo '}apt-get install -y ${PACKAGES.join(' ')}`;
    return `missing ${missing.join(', ')}; on Debian: ${command}`;
  }
  const reason = await installTools(log);
  if (reason !== null) return `missing ${missing.join(', ')} and ${reason}`;
  const still = missingTools();
  return still.length === 0 ? null : `missing ${still.join(', ')} after apt-get install (see ${log})`;
}

/**
 * Brings `out`/sealwatch-sensor up to date with its sources; what is current needs no compiler and no
 * network. Resolves with {state: 'built' | 'current' | 'unavailable', path, reason}: `path` is null and
 * `reason` one line where it is unavailable. Output of the commands goes to the file `log`.
 */
export async function prepareSensor({
  root,
  out = join(root, 'dist', 'sensor'),
  log = join(root, '.cache', 'sensor.log'),
  mayInstall = false,
}) {
  const unavailable = (reason) => ({ state: 'unavailable', path: null, reason });
  try {
    const path = join(out, 'sealwatch-sensor');
    const folder = join(root, 'collectors', 'process', 'ebpf', 'sensor');
    const never = whyNotHere();
    if (never !== null) return unavailable(never);
    const stamp = digest(folder);
    if (isCurrent(out, stamp)) return { state: 'current', path, reason: null };
    const reason = (await ensureTools(log, mayInstall)) ?? (await build(folder, out, stamp, log));
    return reason === null ? { state: 'built', path, reason: null } : unavailable(reason);
  } catch (error) {
    return unavailable(`${error.message} (see ${log})`);
  }
}
