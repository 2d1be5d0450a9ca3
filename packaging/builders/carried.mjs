// npm packages that stay as npm has them: those the bundle leaves out, and what they need at run time.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, matchesGlob } from 'node:path';
import { KEPT_APART } from '../../scripts/setup/bundle.mjs';
import { SetupError } from '../../scripts/setup/command.mjs';
import { Payload } from './payload.mjs';
import { fetchPackage } from './registry.mjs';

/** Headers of C++ for building: named as a dependency, never loaded. */
const BUILD_ONLY = ['node-addon-api'];
/** What no program loads, wherever it is in a package. Licences stay. */
const NOT_LOADED =
  /\.(?:d\.[cm]?ts|map|flow|md|markdown|gyp|c|cc|h|hh|min\.js)$|\/(?:deps|src|scripts|prebuilds|test|example|\.github)\//;
/** More that is not loaded: the same program for browsers and bundlers. */
const NOT_LOADED_OF = { '@cedar-policy/cedar-wasm': /^(?:esm|web)\// };
const LICENCE = /^(?:licen[cs]e|copying|notice|authors)(?:\.|$)/i;

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The package whose node_modules holds the one at a path of the lock; '' for the checkout. */
function holderOf(path) {
  const at = path.lastIndexOf('/node_modules/');
  return at < 0 ? '' : path.slice(0, at);
}

/** Where the package `name`, which the one at `from` asks for, lies in the lock. */
function resolveIn(packages, from, name) {
  for (let at = from; ; at = holderOf(at)) {
    const path = join(at, 'node_modules', name);
    if (packages[path] !== undefined) return path;
    if (at === '') throw new SetupError(`package-lock.json has no ${name}, which ${from} needs`);
  }
}

/** The optional package with the machine code of one platform. */
function binaryOf(packages, path, platform) {
  const { optionalDependencies = {} } = packages[path];
  const suffix = platform.startsWith('linux-') ? `-${platform}-glibc` : `-${platform}`;
  return Object.keys(optionalDependencies).filter((name) => name.endsWith(suffix));
}

/** Paths in the lock of all that is carried for a platform, such as `linux-x64`. */
function carriedPaths(packages, platform) {
  const direct = Object.keys(packages[''].dependencies).filter((name) =>
    KEPT_APART.some((pattern) => matchesGlob(name, pattern)),
  );
  const found = new Set();
  const visit = (path) => {
    if (found.has(path)) return;
    found.add(path);
    const wanted = [...Object.keys(packages[path].dependencies ?? {}), ...binaryOf(packages, path, platform)];
    for (const name of wanted.filter((each) => !BUILD_ONLY.includes(each)))
      visit(resolveIn(packages, path, name));
  };
  for (const name of direct) visit(resolveIn(packages, '', name));
  return [...found].sort();
}

/** Where the files of a package lie: in the checkout, else fetched. */
function filesOf(root, path, locked, name) {
  const installed = join(root, path);
  const isHere =
    existsSync(join(installed, 'package.json')) &&
    readJson(join(installed, 'package.json')).version === locked.version;
  return isHere ? installed : fetchPackage(root, { name, ...locked });
}

function isLoaded(name, file, platform) {
  if (LICENCE.test(basename(file))) return true;
  if (file.startsWith('prebuilds/')) return file === `prebuilds/${platform}.node`;
  return !NOT_LOADED.test(`/${file}`) && NOT_LOADED_OF[name]?.test(file) !== true;
}

/** Files below a directory, without packages nested in it, which the lock names by themselves. */
function filesBelow(directory, below = '') {
  return readdirSync(join(directory, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(directory, path);
    return entry.isFile() ? [path] : [];
  });
}

/**
 * The packages that the bundle leaves out, for a platform: `payload` with their files below `node_modules`, and
 * `packages`, each with its path in the lock, name, version, licence and integrity.
 */
export function carryPackages(root, platform) {
  const { packages } = readJson(join(root, 'package-lock.json'));
  const payload = new Payload();
  const carried = carriedPaths(packages, platform).map((path) => {
    const locked = packages[path];
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const directory = filesOf(root, path, locked, name);
    for (const file of filesBelow(directory).filter((each) => isLoaded(name, each, platform)))
      payload.addFile(join(path, file), join(directory, file));
    return { path, name, directory, version: locked.version, integrity: locked.integrity };
  });
  return { payload, packages: carried };
}
