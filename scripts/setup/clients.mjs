import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLogged } from './command.mjs';
import { npmScript, runtimeEnv } from './runtime.mjs';

/**
 * Installs the real MCP clients for the end-to-end tests into .cache/clients. Without them those tests are
 * skipped with a printed reason, so an unreachable registry is no fault here.
 */
export async function ensureClients(root, node, report) {
  const source = join(root, 'test', 'e2e', 'clients');
  const target = join(root, '.cache', 'clients');
  const lock = readFileSync(join(source, 'package-lock.json'), 'utf8');
  const stamp = join(target, '.installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return 'current';
  report('installing claude, codex and gemini from the npm registry');
  mkdirSync(target, { recursive: true });
  for (const name of ['package.json', 'package-lock.json'])
    copyFileSync(join(source, name), join(target, name));
  const args = [
    npmScript(),
    'install',
    '--no-save',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
  ];
  const log = join(root, '.cache', 'clients.log');
  const result = await runLogged(node, args, { cwd: target, env: runtimeEnv(node), log });
  if (result.status !== 0) return `not available (see ${log}); their tests will be skipped`;
  writeFileSync(stamp, lock);
  return 'installed';
}
