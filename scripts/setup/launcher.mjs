// Builds the guard's launcher. Never fatal: without it a server is a plain child of the guard.
import { join } from 'node:path';
import { prepareNative } from './native.mjs';

const NEEDS = {
  tools: ['make', 'cc'],
  headers: ['openssl/evp.h', 'stdio.h'],
  packages: ['make', 'gcc', 'libc6-dev', 'libssl-dev'],
};
/** Whose calls the launcher's filter knows. */
const ARCHITECTURES = ['x64', 'arm64'];

function whyNotHere() {
  if (process.platform !== 'linux') return 'the launcher is for Linux';
  return ARCHITECTURES.includes(process.arch)
    ? null
    : `the launcher does not know the calls of ${process.arch}`;
}

/** Brings `out`/sealwatch-launcher up to date with its sources; as prepareNative. */
export function prepareLauncher({
  root,
  out = join(root, 'dist', 'guard'),
  log = join(root, '.cache', 'launcher.log'),
  mayInstall = false,
  variables = [],
}) {
  const folder = join(root, 'guard', 'launch', 'launcher');
  const products = ['sealwatch-launcher'];
  return prepareNative({
    folder,
    products,
    needs: NEEDS,
    out,
    log,
    mayInstall,
    never: whyNotHere(),
    variables,
  });
}
