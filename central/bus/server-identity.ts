import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** Host of `[tls://]host:port`, as it stands in certificates. */
function hostOf(server: string): string {
  const { hostname } = new URL(server.includes('://') ? server : `nats://${server}`);
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) === 0 ? hostname : address;
}

/** Whether the operator asks for TLS by the name of a server. */
export function isTlsServer(server: string): boolean {
  return server.startsWith('tls://');
}

/**
 * Checks the certificate of a server of NATS: it must be for one of the servers that the config names. The client itself
 * cannot tell: it gives no name where a server is given by its address, and node:tls takes that for `localhost`.
 */
export function serverIdentity(
  servers: readonly string[],
): (_host: string, certificate: PeerCertificate) => Error | undefined {
  const hosts = servers.map(hostOf);
  return (_host, certificate) => {
    let fault: Error | undefined;
    for (const host of hosts) {
      fault = checkServerIdentity(host, certificate);
      if (fault === undefined) return undefined;
    }
    return fault;
  };
}
