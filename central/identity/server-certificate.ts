import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import type { Server, TlsOptions } from 'node:tls';
import { isLoopback } from '../api/host-guard.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Authority } from './authority.ts';

/** Milliseconds that central's own certificate is good for; it is renewed at half of that. */
const LIFE_MS = 7 * 24 * 3_600_000;
/** Milliseconds between two looks at its age: clocks jump, and timers stand still while a machine sleeps. */
const AGE_LOOK_MS = 30_000;
const WILDCARDS = ['0.0.0.0', '::'];
const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'];

/** By which names agents may reach an address that is listened on. */
export function serverNames(host: string, names: readonly string[]): readonly string[] {
  const isWildcard = WILDCARDS.includes(host);
  const own = isWildcard
    ? [
        hostname(),
        ...Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []),
      ]
    : [host];
  const local = isWildcard || isLoopback(host) ? LOCAL_NAMES : [];
  // A scope (`%eth0`) is of this host only.
  return [...new Set([...names, ...own, ...local])].filter((name) => !name.includes('%'));
}

/** Central's own TLS certificate: short-lived, kept in memory, and replaced while agents stay connected. */
export class ServerCertificate {
  readonly #authority: Authority;
  readonly #names: readonly string[];
  readonly #log: CentralLog;
  readonly #clock: () => number;
  #madeAt = 0;
  #renewAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(authority: Authority, names: readonly string[], log: CentralLog, clock: () => number) {
    this.#authority = authority;
    this.#names = names;
    this.#log = log;
    this.#clock = clock;
  }

  /** A fresh key and its certificate, as a TLS server takes them. */
  async context(): Promise<Pick<TlsOptions, 'key' | 'cert' | 'ca' | 'minVersion'>> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', {
      namedCurve: 'prime256v1',
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    });
    const issued = await this.#authority.issueServer(this.#names, new Uint8Array(publicKey), LIFE_MS);
    this.#madeAt = this.#clock();
    this.#renewAt = this.#madeAt + LIFE_MS / 2;
    const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' });
    return {
      key: key.export({ type: 'pkcs8', format: 'pem' }),
      cert: issued.certificate,
      ca: this.#authority.certificate,
      minVersion: 'TLSv1.3',
    };
  }

  /** Renews the certificate of a server from now on, until `stop`. */
  keepFresh(server: Server, lookMs = AGE_LOOK_MS): void {
    this.#timer = setInterval(() => {
      const now = this.#clock();
      // Before it was made: the clock was ahead then, and to agents it is not good yet.
      if (now < this.#madeAt || now >= this.#renewAt) void this.#renew(server);
    }, lookMs);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #renew(server: Server): Promise<void> {
    try {
      server.setSecureContext(await this.context());
      this.#log.info('the certificate of central was renewed');
    } catch (error) {
      this.#log.error('the certificate of central could not be renewed', { error: describeError(error) });
    }
  }
}
