// Builds the guard's relay. Never fatal: without it every message passes through the guard itself.
import { join } from 'node:path';
import { prepareNative } from './native.mjs';

const NEEDS = { tools: ['make', 'cc'], headers: ['stdio.h'], packages: ['make', 'gcc', 'libc6-dev'] };

/** Brings `out`/sealwatch-relay up to date with its sources; as prepareNative. */
export function prepareRelay({
  root,
  out = join(root, 'dist', 'guard'),
  log = join(root, '.cache', 'relay.log'),
  mayInstall = false,
  variables = [],
}) {
  const folder = join(root, 'guard', 'relay', 'program');
  const products = ['sealwatch-relay'];
  const never = process.platform === 'linux' ? null : 'the relay is for Linux';
  return prepareNative({ folder, products, needs: NEEDS, out, log, mayInstall, never, variables });
}
