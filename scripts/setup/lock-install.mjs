import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runLogged } from './command.mjs';
import { npmScript, runtimeEnv } from './runtime.mjs';

/**
 * Installs into `target` what the manifest and lock in `source` name, without any install script. It is
 * `npm install`, not `npm ci`: that refuses a lock which lacks other platforms' optional packages.
 */
export async function installFromLock(source, target, names, { node, log }) {
  mkdirSync(target, { recursive: true });
  for (const name of names) copyFileSync(join(source, name), join(target, name));
  const words = ['install', '--no-save', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const result = await runLogged(node, [npmScript(), ...words], { cwd: target, env: runtimeEnv(node), log });
  return result.status === 0;
}
