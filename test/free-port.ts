import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Listens on a port of the loopback; null where somebody else does. */
function listenAt(port: number): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server | null): number {
  const address = server?.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port of the loopback is free');
  return address.port;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

/** Ports of the loopback that nobody holds just now, none twice. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listenAt(0)));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(async (server) => server !== null && (await close(server))));
  return ports;
}

/** A port of the loopback that nobody holds just now. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** A port that nobody holds just now, nor the one after it, where agents connect unless told otherwise. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const server = await listenAt(0);
    const port = portOf(server);
    const next = await listenAt(port + 1);
    if (next !== null) await close(next);
    if (server !== null) await close(server);
    if (next !== null) return port;
  }
}
