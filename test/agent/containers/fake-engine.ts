import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';

/** What the engine tells of a container, as GET /containers/ID/json has it. */
export interface ToldContainer {
  readonly Id: string;
  readonly Created: string;
  readonly Name: string;
  readonly Path: string;
  readonly State: { readonly Pid: number; readonly StartedAt: string };
  readonly Config: {
    readonly Image: string;
    readonly Cmd: readonly string[] | null;
    readonly Entrypoint: readonly string[] | null;
    readonly OpenStdin: boolean;
    readonly Labels: Readonly<Record<string, string>> | null;
  };
}

export function toldContainer(
  id: string,
  pid: number,
  more: Partial<ToldContainer['Config']> & { readonly name?: string; readonly created?: number } = {},
): ToldContainer {
  const { name = 'some_name', created = Date.now(), ...config } = more;
  const at = new Date(created).toISOString();
  return {
    Id: id,
    Created: at,
    Name: `/${name}`,
    Path: '/srv/server',
    State: { Pid: pid, StartedAt: at },
    Config: { Image: 'image:1', Cmd: ['serve'], Entrypoint: null, OpenStdin: true, Labels: {}, ...config },
  };
}

/** Serves a unix socket as an engine would; `answer` gives what comes for a path. */
export async function serveEngine(
  context: TestContext,
  socket: string,
  answer: (path: string, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer((request, response) => answer(request.url ?? '', response)).listen(socket);
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return server;
}

/** An engine that has these containers, as they are at each question. */
export function engineOf(
  context: TestContext,
  socket: string,
  containers: () => readonly ToldContainer[],
): Promise<Server> {
  return serveEngine(context, socket, (path, response) => {
    const all = containers();
    if (path === '/containers/json') {
      response.end(
        JSON.stringify(
          all.map(({ Id, Created }) => ({ Id, Created: Math.floor(Date.parse(Created) / 1000) })),
        ),
      );
      return;
    }
    const found = all.find(
      ({ Id, Name }) => path === `/containers/${Id}/json` || path === `/containers${Name}/json`,
    );
    response.statusCode = found === undefined ? 404 : 200;
    response.end(JSON.stringify(found ?? { message: 'no such container' }));
  });
}
