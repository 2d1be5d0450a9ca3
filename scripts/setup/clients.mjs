import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installFromLock } from './lock-install.mjs';

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
  report('installing claude, codex, gemini and the inspector from the npm registry');
  const log = join(root, '.cache', 'clients.log');
  const installed = await installFromLock(source, target, ['package.json', 'package-lock.json'], {
    node,
    log,
  });
  if (!installed) return `not available (see ${log}); their tests will be skipped`;
  writeFileSync(stamp, lock);
  return 'installed';
}
