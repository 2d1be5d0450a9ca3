// The set-up: plain JavaScript that Node 20 runs. Brings the runtime, the dependencies, the build and the
// kernel sensor up to date; what is current is left alone, so that a second run needs no network.
import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './setup/bundle.mjs';
import { runLogged, SetupError } from './setup/command.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { prepareLauncher } from './setup/launcher.mjs';
import { prepareNotice } from './setup/notice.mjs';
import { step } from './setup/progress.mjs';
import { prepareRelay } from './setup/relay.mjs';
import { ensureRuntime, runtimeEnv } from './setup/runtime.mjs';
import { prepareSensor } from './setup/sensor.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

async function compile(node, log) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '--build', join(root, 'cli')];
  const result = await runLogged(node, args, { cwd: root, env: runtimeEnv(node), log });
  if (result.status !== 0)
    throw new SetupError(`the build failed:\n${result.tail}`, `the whole output is in ${log}`);
  return 'built';
}

async function bundled() {
  try {
    return await bundle(root);
  } catch (cause) {
    throw new SetupError(`the bundle failed: ${cause.message}`, 'remove node_modules and run it again');
  }
}

function told({ state, reason }) {
  return state === 'unavailable' ? `not available: ${reason}` : state;
}

/** Sets everything up; resolves with the Node to go on with. */
export async function setUp() {
  try {
    accessSync(root, constants.W_OK);
  } catch {
    throw new SetupError(`${root} is not writable by you`, 'run the set-up as the owner of the checkout');
  }
  const log = join(root, '.cache', 'setup.log');
  const sensor = prepareSensor({
    root,
    out: join(root, 'dist', 'sensor'),
    log: join(root, '.cache', 'sensor.log'),
    mayInstall: true,
  });
  sensor.catch(() => {});
  // After it: two at once would wait for each other's lock of the package manager.
  const launcher = sensor.then(() => prepareLauncher({ root, mayInstall: true }));
  const relay = launcher.then(() => prepareRelay({ root, mayInstall: true }));
  const notice = relay.then(() => prepareNotice({ root, mayInstall: true }));
  for (const prepared of [launcher, relay, notice]) prepared.catch(() => {});
  let node = '';
  await step('runtime', async (report) => {
    const runtime = await ensureRuntime(root, log, report);
    node = runtime.node;
    return runtime.outcome;
  });
  await step('dependencies', (report) => ensureDependencies(root, node, log, report));
  await step('build', () => compile(node, log));
  await step('bundle', () => bundled());
  await step('kernel sensor', async () => told(await sensor));
  await step('launcher', async () => told(await launcher));
  await step('relay', async () => told(await relay));
  await step('service notice', async () => told(await notice));
  return { node };
}

/** Prints a fault of the set-up for a person and ends with status 3. */
export function fail(error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`sealwatch set-up: ${error.message}\n`);
  if (error.hint !== undefined) process.stderr.write(`  hint: ${error.hint}\n`);
  process.exit(3);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setUp().catch(fail);
}
