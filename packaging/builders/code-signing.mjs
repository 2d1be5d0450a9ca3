// Apple's signatures of programs. They change the programs, so they come before the manifest.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_PROGRAM } from './installation.mjs';
import { run } from './program.mjs';

/** The privacy profile gives Full Disk Access to this identifier (packaging/macos/places.ts). */
const AGENT_IDENTIFIER = 'dev.sealwatch.agent';
/** Mach-O of 64 bits, little-endian: loader.h, MH_MAGIC_64. */
const MACH_O = Buffer.from([0xcf, 0xfa, 0xed, 0xfe]);

/** Signs each Mach-O of a payload with an identity of the keychain, as notarising asks: hardened runtime and a time stamp. */
export function signMachO(payload, { root, work, identity }) {
  const entitlements = join(root, 'packaging', 'macos', 'entitlements.plist');
  const directory = join(work, 'signed');
  mkdirSync(directory, { recursive: true });
  return payload.withFilesFrom((path, bytes) => {
    if (!bytes.subarray(0, MACH_O.length).equals(MACH_O)) return null;
    const copy = join(directory, path.replaceAll('/', '_'));
    writeFileSync(copy, bytes);
    const identifier = path === AGENT_PROGRAM ? ['--identifier', AGENT_IDENTIFIER] : [];
    const words = [
      ...identifier,
      '--force',
      '--options',
      'runtime',
      '--timestamp',
      '--entitlements',
      entitlements,
    ];
    run('codesign', [...words, '--sign', identity, copy], { hint: 'this works on a Mac only' });
    return copy;
  });
}
