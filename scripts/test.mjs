// `npm test`: sets everything up, checks, and runs every test. Words after `--` are test files to run instead.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { check } from './check.mjs';
import { ensureClients } from './setup/clients.mjs';
import { step } from './setup/progress.mjs';
import { userEnv } from './setup/runtime.mjs';
import { fail, root, setUp } from './setup.mjs';

/** What an agent of this very host has published, as `npm start` as root does: it binds every guard, those of tests too. */
const HOST_FACTS = '/var/lib/sealwatch/host.json';
const HIDE = 'mount -t tmpfs -o mode=0755 none /var/lib/sealwatch && exec "$@"';

/** Test files at once: most of their time they wait for programs that they have started. */
const AT_ONCE = availableParallelism() + 1;
/** Milliseconds for one file: what hangs is to fail, and not to hold the rest up. */
const PATIENCE_MS = 900_000;

/** Where this host has an agent of its own, tests run in mounts of their own that do not show its state. */
function apartFromHost(command) {
  if (!existsSync(HOST_FACTS)) return command;
  if (process.getuid?.() === 0) return ['unshare', '--mount', 'sh', '-c', HIDE, 'sh', ...command];
  process.stdout.write(`  ${HOST_FACTS} binds the guards of this host: tests that start guards will fail\n`);
  return command;
}

async function main() {
  const { node } = await setUp();
  const chosen = process.argv.slice(2);
  if (chosen.length === 0) await check(node);
  await step('real clients', (report) => ensureClients(root, node, report));
  const files = chosen.length === 0 ? ['test/**/*.test.ts'] : chosen;
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--experimental-strip-types',
    '--test',
    `--test-concurrency=${AT_ONCE}`,
    `--test-timeout=${PATIENCE_MS}`,
    '--test-reporter=spec',
  ];
  const [command, ...words] = apartFromHost([node, ...args, ...files]);
  const result = spawnSync(command, words, { cwd: root, stdio: 'inherit', env: userEnv() });
  process.exit(result.status ?? 1);
}

main().catch(fail);
