import { BlockList, isIP } from 'node:net';

/** Decides by the Host header whether a request may be answered. */
export type HostGuard = (header: string | undefined) => boolean;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True for `localhost` and the loopback addresses. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0
    ? host.toLowerCase() === 'localhost'
    : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** How a host stands in a URL. */
export function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/**
 * A web page can make a name of its own resolve to 127.0.0.1 and then read what listens there (DNS
 * rebinding), but its requests carry that name. So, bound to loopback, only loopback names pass.
 */
export function hostGuard(boundHost: string): HostGuard {
  if (!isLoopback(boundHost)) return () => true;
  const allowed = new Set(['localhost', '127.0.0.1', '[::1]', urlHost(boundHost).toLowerCase()]);
  return (header) => header !== undefined && allowed.has(header.toLowerCase().replace(/:\d{1,5}$/, ''));
}
