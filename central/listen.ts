import type { FastifyInstance } from 'fastify';
import { CentralError } from './errors.ts';
import { describeError } from './log.ts';

/** Why an address cannot be listened on: CENTRAL_PORT_IN_USE or CENTRAL_LISTEN_FAILED. */
export function faultOfListen(cause: unknown, host: string, port: number): CentralError {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  return code === 'EADDRINUSE'
    ? new CentralError('CENTRAL_PORT_IN_USE', `port ${port} on ${host} is in use`, {
        cause,
        hint: 'stop what listens there, or choose another port (0 takes any free one)',
      })
    : new CentralError(
        'CENTRAL_LISTEN_FAILED',
        `cannot listen on ${host}, port ${port}: ${describeError(cause)}`,
        { cause, hint: 'name an address of this host and a port above 1023' },
      );
}

/** Has an application listen; answers the port. @throws {CentralError} CENTRAL_PORT_IN_USE, CENTRAL_LISTEN_FAILED */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw faultOfListen(cause, host, port);
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
