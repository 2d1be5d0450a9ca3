import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { runLogged, SetupError } from './command.mjs';

const FLOOR = [22, 13];

function isRecent(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1]);
}

/** Path that the fetched Node has in this checkout, whether or not it is there yet. */
export function fetchedNode(root) {
  return join(root, '.runtime', 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
}

/** The npm that runs us, as a script that any Node can run; found beside Node where npm did not start us. */
export function npmScript() {
  const candidates = [
    process.env.npm_execpath,
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    '/usr/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/share/nodejs/npm/bin/npm-cli.js',
    '/usr/local/lib/node_modules/npm/bin/npm-cli.js',
    '/opt/homebrew/lib/node_modules/npm/bin/npm-cli.js',
  ];
  const found = candidates.find(
    (path) => path !== undefined && /npm-cli\.js$/.test(path) && existsSync(path),
  );
  if (found === undefined)
    throw new SetupError('npm was not found', 'run this through npm, e.g. `npm start`');
  return found;
}

/** Environment in which `node` is the given runtime. */
export function runtimeEnv(node) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
  // A nodedir in the user's npm settings points at another Node's headers.
  env.npm_config_nodedir = dirname(dirname(node));
  return env;
}

/**
 * The environment of the person who typed the command: npm puts its own directories in front of PATH, and
 * what an MCP client starts must be looked up without them.
 */
export function userEnv() {
  const added = /(?:\/node_modules\/\.bin|\/node-gyp-bin)\/?$/;
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !added.test(entry));
  return { ...process.env, PATH: path.join(delimiter) };
}

/** Gives a Node from 22.13 on: the machine's, else the one fetched from the npm registry into .runtime/. */
export async function ensureRuntime(root, log, report) {
  if (isRecent(process.version))
    return { node: process.execPath, outcome: `Node ${process.version}, the machine's` };
  const node = fetchedNode(root);
  const wanted = join(root, 'scripts', 'runtime');
  const stamp = join(root, '.runtime', 'package-lock.json');
  if (existsSync(node) && sameText(stamp, join(wanted, 'package-lock.json'))) {
    return { node, outcome: 'Node 24 in .runtime/' };
  }
  report('fetching Node 24 from the npm registry');
  mkdirSync(dirname(stamp), { recursive: true });
  copyFileSync(join(wanted, 'package.json'), join(root, '.runtime', 'package.json'));
  copyFileSync(join(wanted, 'package-lock.json'), stamp);
  const args = [npmScript(), 'ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const result = await runLogged(process.execPath, args, {
    cwd: join(root, '.runtime'),
    env: process.env,
    log,
  });
  if (result.status !== 0 || !existsSync(node)) {
    throw new SetupError(
      `Node ${process.version} is older than ${FLOOR.join('.')} and Node 24 could not be fetched (see ${log})`,
      process.platform === 'linux'
        ? 'check that the npm registry can be reached, or install Node 24 and run this again'
        : 'install Node 24 and run this again',
    );
  }
  return { node, outcome: 'Node 24 fetched into .runtime/' };
}

function sameText(a, b) {
  return existsSync(a) && existsSync(b) && readFileSync(a, 'utf8') === readFileSync(b, 'utf8');
}
