// Builds what lets a service talk to systemd. Never fatal: without it nobody runs as a service of systemd.
import { join } from 'node:path';
import { prepareNative } from './native.mjs';

const NEEDS = { tools: ['make', 'cc'], headers: ['stdio.h'], packages: ['make', 'gcc', 'libc6-dev'] };

/** Brings `out`/sealwatch-notify up to date with its sources; as prepareNative. */
export function prepareNotice({
  root,
  out = join(root, 'dist', 'notice'),
  log = join(root, '.cache', 'notice.log'),
  mayInstall = false,
  variables = [],
}) {
  const folder = join(root, 'cli', 'notice', 'program');
  const products = ['sealwatch-notify'];
  const never = process.platform === 'linux' ? null : 'systemd is for Linux';
  return prepareNative({ folder, products, needs: NEEDS, out, log, mayInstall, never, variables });
}
