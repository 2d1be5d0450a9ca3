import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { CentralError } from '../../errors.ts';
import { describeError } from '../../log.ts';
import { readSecret } from '../secret-file.ts';
import type { TlsSettings } from '../settings.ts';

/** What TLS needs beyond an address, as PEM. */
export type TlsMaterial = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'minVersion'>;

async function pem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CentralError('CENTRAL_FEED_TLS_UNUSABLE', `${path} cannot be read: ${describeError(cause)}`, {
      cause,
    });
  }
}

/** Reads the files of TLS settings. The receiver's name is always checked. @throws {CentralError} CENTRAL_FEED_… */
export async function tlsMaterial(settings: TlsSettings): Promise<TlsMaterial> {
  const { ca_file, cert_file, key_file, server_name } = settings;
  return {
    minVersion: 'TLSv1.2',
    ...(ca_file === undefined ? {} : { ca: await pem(ca_file) }),
    ...(cert_file === undefined ? {} : { cert: await pem(cert_file) }),
    ...(key_file === undefined ? {} : { key: await readSecret(key_file) }),
    ...(server_name === undefined ? {} : { servername: server_name }),
  };
}
