import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GuardError } from '../../../guard/errors.ts';
import type { HeaderSource } from '../../../guard/remote/authorised-fetch.ts';
import { FrontedServer, faultIn } from './fronted-server.ts';
import { beginEvents, reply, resultOf, ScriptedServer, session } from './scripted-server.ts';

/** Gives the next of some tokens each time the last was refused. */
class Tokens implements HeaderSource {
  readonly #tokens: string[];
  #held: ReadonlyMap<string, string>;

  constructor(...tokens: string[]) {
    this.#tokens = tokens;
    this.#held = this.#next();
  }

  async current(): Promise<ReadonlyMap<string, string>> {
    return this.#held;
  }

  refuse(values: ReadonlyMap<string, string>): void {
    if (values === this.#held && this.#tokens.length > 0) this.#held = this.#next();
  }

  #next(): ReadonlyMap<string, string> {
    return new Map([['Authorization', `Bearer ${this.#tokens.shift()}`]]);
  }
}

/** Takes the requests that carry one of these tokens. */
function taking(valid: ReadonlySet<string>) {
  const inside = session((asked, response) =>
    asked.method === 'GET' ? void response.writeHead(405).end() : reply(response, resultOf(asked)),
  );
  return ScriptedServer.start((asked, response) =>
    valid.has(asked.headers.authorization ?? '')
      ? inside(asked, response)
      : void response.writeHead(401).end(`no: ${asked.headers.authorization}`),
  );
}

test('every request carries the headers of the source', async () => {
  await using server = await taking(new Set(['Bearer first']));
  {
    await using fronted = new FrontedServer(server.url, { headers: new Tokens('first') });
    await fronted.initialize();
    await fronted.ask(1, 'tools/list');
  }
  assert.deepEqual(
    server.asked.map(({ method, headers }) => `${method} ${headers.authorization}`).sort(),
    ['DELETE', 'GET', 'POST', 'POST', 'POST'].map((method) => `${method} Bearer first`),
  );
});

test('a header that the server no longer takes is fetched anew, and the session goes on', async () => {
  const valid = new Set(['Bearer old']);
  await using server = await taking(valid);
  await using fronted = new FrontedServer(server.url, { headers: new Tokens('old', 'new') });
  await fronted.initialize();
  valid.delete('Bearer old');
  valid.add('Bearer new');
  assert.deepEqual((await fronted.ask(1, 'tools/list'))['result'], {});
  assert.deepEqual(fronted.faults, []);
});

test('a session begins with a header that was fetched anew', async () => {
  await using server = await taking(new Set(['Bearer new']));
  await using fronted = new FrontedServer(server.url, { headers: new Tokens('old', 'new') });
  assert.equal((await fronted.initialize())['error'], undefined);
  assert.deepEqual(fronted.faults, []);
});

test('a server that takes no header is asked twice, and its refusal told without any value', async () => {
  await using server = await taking(new Set());
  await using fronted = new FrontedServer(server.url, { headers: new Tokens('one', 'two', 'three') });
  const answer = await fronted.initialize();
  assert.equal(faultIn(answer), 'GUARD_REMOTE_UNAUTHORISED');
  assert.equal(answer['id'], 'init');
  assert.deepEqual(
    server.sent('initialize').map(({ headers }) => headers.authorization),
    ['Bearer one', 'Bearer two'],
  );
  assert.equal((await fronted.remote.ended)?.code, 'GUARD_REMOTE_UNAUTHORISED');
  assert.doesNotMatch(JSON.stringify(answer) + fronted.told, /one|two|Bearer/);
});

test('values that cannot be fetched are the answer to the request that needed them', async () => {
  await using server = await taking(new Set());
  const headers: HeaderSource = {
    current: () => Promise.reject(new GuardError('GUARD_REMOTE_UNAUTHORISED', 'the command gave nothing')),
    refuse: () => {},
  };
  await using fronted = new FrontedServer(server.url, { headers });
  assert.equal(faultIn(await fronted.initialize()), 'GUARD_REMOTE_UNAUTHORISED');
  assert.equal(server.asked.length, 0);
});

test('a value that no header can carry is not shown', async () => {
  await using server = await taking(new Set());
  const headers: HeaderSource = {
    current: async () => new Map([['authorization', 'Bearer hunter2\r\nhost: evil']]),
    refuse: () => {},
  };
  await using fronted = new FrontedServer(server.url, { headers });
  const answer = await fronted.initialize();
  assert.equal(faultIn(answer), 'GUARD_REMOTE_UNAUTHORISED');
  assert.doesNotMatch(JSON.stringify(answer) + fronted.told, /hunter2/);
});

for (const status of [301, 302, 303, 307, 308]) {
  test(`nothing is sent to another origin to which the server redirects (${status})`, async () => {
    await using other = await ScriptedServer.start((asked, response) => reply(response, resultOf(asked)));
    await using server = await ScriptedServer.start(
      (_, response) => void response.writeHead(status, { location: other.url }).end(),
    );
    await using fronted = new FrontedServer(server.url, { headers: new Tokens('secret') });
    assert.equal(faultIn(await fronted.initialize()), 'GUARD_REMOTE_REDIRECTED');
    assert.equal((await fronted.remote.ended)?.code, 'GUARD_REMOTE_REDIRECTED');
    assert.equal(other.asked.length, 0);
  });
}

test('a redirect within the origin is followed with the same message and headers', async () => {
  const inside = session((asked, response) => reply(response, resultOf(asked)));
  await using server = await ScriptedServer.start((asked, response) =>
    asked.path === '/mcp'
      ? void response.writeHead(308, { location: '/moved' }).end()
      : inside(asked, response),
  );
  await using fronted = new FrontedServer(server.url, { headers: new Tokens('secret') });
  assert.equal((await fronted.initialize())['error'], undefined);
  const moved = server.asked.filter(({ path }) => path === '/moved');
  assert.equal(moved[0]?.headers.authorization, 'Bearer secret');
  assert.equal(moved[0]?.message['method'], 'initialize');
});

test('an older server cannot have messages sent to another origin', async () => {
  await using other = await ScriptedServer.start((asked, response) => reply(response, resultOf(asked)));
  await using server = await ScriptedServer.start(
    (_, response) => void beginEvents(response).write(`event: endpoint\ndata: ${other.url}\n\n`),
  );
  await using fronted = new FrontedServer(server.url, { transport: 'sse', headers: new Tokens('secret') });
  assert.equal(faultIn(await fronted.initialize()), 'GUARD_REMOTE_REDIRECTED');
  assert.equal(other.asked.length, 0);
});
