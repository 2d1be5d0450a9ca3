// Builds a program in C and stamps it with its sources, so that what is current needs no compiler and no network.
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

function missingOf({ tools, headers }) {
  const programs = tools.filter((tool) => !isOnPath(tool));
  const files = headers.filter(
    (header) => !['/usr/include', '/usr/local/include'].some((root) => existsSync(join(root, header))),
  );
  return [...programs, ...files];
}

function digest(folder, variables) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const variable of variables) hash.update(`${variable}\n`);
  const sources = readdirSync(folder).filter((name) => name === 'Makefile' || /\.[ch]$/.test(name));
  for (const name of sources.sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  return `${hash.digest('hex')}\n`;
}

/** Several programs may lie in one folder. */
function stampPath(out, products) {
  return join(out, `.${products[0]}.stamp`);
}

function isCurrent(out, products, stamp) {
  const path = stampPath(out, products);
  const built = [...products.map((name) => join(out, name)), path].every((file) => existsSync(file));
  return built && readFileSync(path, 'utf8') === stamp;
}

/** Installs packages by apt; resolves with a reason where that failed. */
async function installPackages(packages, log) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const updated = await runLogged('apt-get', ['-q', ...APT_OPTIONS, 'update'], {
    env,
    log,
    timeoutMs: UPDATE_MS,
  });
  const options = [...APT_OPTIONS, '-o', 'DPkg::Lock::Timeout=30'];
  const args = ['-q', ...options, 'install', '-y', '--no-install-recommends', ...packages];
  const installed = await runLogged('apt-get', args, { env, log, timeoutMs: INSTALL_MS });
  if (installed.status === 0) return null;
  const failed = updated.status === 0 ? 'apt-get install' : 'apt-get update and install';
  return `${failed} failed (see ${log})`;
}

/** Builds in a folder beside `out` and renames the products, so that two builds at once do no harm. */
async function build({ folder, products, out, log, variables }, stamp) {
  mkdirSync(out, { recursive: true });
  const work = mkdtempSync(join(out, '.build-'));
  try {
    const args = ['-C', folder, 'all', `OUT=${work}`, ...variables];
    const made = await runLogged('make', args, { env: toolEnv(), log, timeoutMs: BUILD_MS });
    if (made.status !== 0) return `the build failed (see ${log})`;
    for (const name of products) renameSync(join(work, name), join(out, name));
    writeFileSync(join(work, '.stamp'), stamp);
    renameSync(join(work, '.stamp'), stampPath(out, products));
    return null;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Sees to the tools; resolves with a reason where they are missing for good. */
async function ensureTools({ needs, log, mayInstall }) {
  const missing = missingOf(needs);
  if (missing.length === 0) return null;
  const isRoot = process.getuid?.() === 0;
  if (!mayInstall || !isRoot || !isOnPath('apt-get')) {
    const command = `${isRoot ? '' : 'sudo '}apt-get install -y ${needs.packages.join(' ')}`;
    return `missing ${missing.join(', ')}; on Debian: ${command}`;
  }
  const reason = await installPackages(needs.packages, log);
  if (reason !== null) return `missing ${missing.join(', ')} and ${reason}`;
  const still = missingOf(needs);
  return still.length === 0 ? null : `missing ${still.join(', ')} after apt-get install (see ${log})`;
}

/**
 * Brings the `products` of the Makefile in `folder` up to date in `out`; the first of them is the program. `needs` names
 * the tools, headers and Debian packages of the build; `variables` (`NAME=VALUE`) are for make. Resolves with {state: 'built' | 'current' | 'unavailable', path,
 * reason}: `path` is null and `reason` one line where it is unavailable. Output of the commands goes to the file `log`.
 */
export async function prepareNative({
  folder,
  products,
  needs,
  out,
  log,
  mayInstall,
  never,
  variables = [],
}) {
  const unavailable = (reason) => ({ state: 'unavailable', path: null, reason });
  try {
    const path = join(out, products[0]);
    if (never !== null) return unavailable(never);
    const stamp = digest(folder, variables);
    if (isCurrent(out, products, stamp)) return { state: 'current', path, reason: null };
    const reason =
      (await ensureTools({ needs, log, mayInstall })) ??
      (await build({ folder, products, out, log, variables }, stamp));
    return reason === null ? { state: 'built', path, reason: null } : unavailable(reason);
  } catch (error) {
    return unavailable(`${error.message} (see ${log})`);
  }
}
