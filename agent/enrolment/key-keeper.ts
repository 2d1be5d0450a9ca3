import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { writeDurably } from '../../approval/index.ts';

/** Keeps the private key of this agent while it does not run. */
export interface KeyKeeper {
  /** For people: where the key lies. */
  readonly name: string;
  /** Null where none is kept. Rejects where one is kept and cannot be had. */
  read(): Promise<KeyObject | null>;
  /** Durable when it resolves. */
  write(key: KeyObject): Promise<void>;
  /** Forgets the key. */
  remove(): void;
}

/** A new ECDSA P-256 key. */
export function makeKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

/** A file of mode 0600, PKCS #8 in PEM. */
export function keyFile(path: string): KeyKeeper {
  return {
    name: 'file',
    read: async () => {
      const pem = textOf(path);
      return pem === null ? null : createPrivateKey(pem);
    },
    write: async (key) => writeDurably(path, String(key.export({ type: 'pkcs8', format: 'pem' })), 0o600),
    remove: () => rmSync(path, { force: true }),
  };
}

/** Text of a file; null where there is none. */
export function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return null;
    throw error;
  }
}
