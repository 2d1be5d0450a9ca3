// `npm test`: sets everything up, checks, and runs every test. Words after `--` are test files to run instead.
import { spawnSync } from 'node:child_process';
import { check } from './check.mjs';
import { ensureClients } from './setup/clients.mjs';
import { step } from './setup/progress.mjs';
import { userEnv } from './setup/runtime.mjs';
import { fail, root, setUp } from './setup.mjs';

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
    '--test-reporter=spec',
  ];
  const result = spawnSync(node, [...args, ...files], { cwd: root, stdio: 'inherit', env: userEnv() });
  process.exit(result.status ?? 1);
}

main().catch(fail);
