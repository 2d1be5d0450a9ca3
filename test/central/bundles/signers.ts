import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { trustKey } from '../../../approval/keys/key-choice.ts';
import { createKey, type KeyFile } from '../../../approval/keys/key-files.ts';
import { composeConfigBundle } from '../../../approval/store/config-bundle.ts';

/** A key whose signatures count at a central with the trust directory `DIRECTORY/trust`. */
export function approverKey(directory: string, name = 'approver'): KeyFile {
  mkdirSync(join(directory, 'trust'), { recursive: true });
  const key = createKey(directory, name);
  trustKey({ stateDir: directory, systemDirectory: null }, key);
  return key;
}

/** Text of a config bundle. */
export async function configBundle(key: KeyFile, version: number, more: object = {}): Promise<string> {
  const about = { version, issued: new Date('2026-08-01T10:00:00Z'), ...more };
  return JSON.stringify(await composeConfigBundle({ placeholders: { word: ['x'] } }, about, key.signer));
}
