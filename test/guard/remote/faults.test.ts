import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../free-port.ts';
import { EverythingServer } from './everything-server.ts';
import { FrontedServer, faultIn } from './fronted-server.ts';
import { type Asked, beginEvents, reply, resultOf, ScriptedServer, session } from './scripted-server.ts';

type Handler = Parameters<typeof session>[0];

const QUICK = { resumeMs: 1, maxResumeMs: 60, resumes: 3 };

/** A server with sessions that has no messages of its own. */
function silent(handler: Handler): Promise<ScriptedServer> {
  return ScriptedServer.start(
    session((asked, response) =>
      asked.method === 'GET' && asked.headers['last-event-id'] === undefined
        ? void response.writeHead(405).end()
        : handler(asked, response),
    ),
  );
}

/** What a request gets that the server answers as given. */
async function faultOf(handler: Handler, limits: object = QUICK) {
  await using server = await silent((asked, response) =>
    asked.message['method'] === 'fine' ? reply(response, resultOf(asked)) : handler(asked, response),
  );
  await using fronted = new FrontedServer(server.url, { limits });
  await fronted.initialize();
  const answer = await fronted.ask('asked', 'x');
  assert.equal(answer['id'], 'asked');
  assert.deepEqual(await fronted.ask('next', 'fine'), { jsonrpc: '2.0', id: 'next', result: {} });
  return { fault: faultIn(answer), told: fronted.faults, asked: server.asked };
}

for (const transport of ['http', 'sse'] as const) {
  test(`a server that is down at the start is an answer to initialize, and the end (${transport})`, async () => {
    await using fronted = new FrontedServer(`http://127.0.0.1:${await freePort()}/mcp`, { transport });
    const answer = await fronted.initialize();
    assert.equal(answer['id'], 'init');
    assert.equal(faultIn(answer), 'GUARD_REMOTE_UNREACHABLE');
    assert.equal((await fronted.remote.ended)?.code, 'GUARD_REMOTE_UNREACHABLE');
    assert.equal(await fronted.nextLine(), null);
    assert.deepEqual(fronted.faults, ['GUARD_REMOTE_UNREACHABLE']);
  });
}

test('a server that dies in the middle leaves no request without an answer', async () => {
  await using server = await EverythingServer.start('streamableHttp');
  await using fronted = new FrontedServer(server.url, { limits: QUICK });
  await fronted.initialize();
  const params = { name: 'trigger-long-running-operation', arguments: { duration: 30, steps: 2 } };
  await fronted.send({ id: 'long', method: 'tools/call', params });
  assert.equal((await fronted.ask('short', 'ping'))['id'], 'short');
  await server.kill();
  const long = await fronted.next();
  assert.equal(long['id'], 'long');
  assert.equal(faultIn(long), 'GUARD_REMOTE_UNREACHABLE');
  assert.equal(faultIn(await fronted.ask('later', 'ping')), 'GUARD_REMOTE_UNREACHABLE');
});

test('an older server that dies in the middle ends the session', async () => {
  await using server = await EverythingServer.start('sse');
  await using fronted = new FrontedServer(server.url, { transport: 'sse' });
  await fronted.initialize();
  const params = { name: 'trigger-long-running-operation', arguments: { duration: 30, steps: 2 } };
  await fronted.send({ id: 'long', method: 'tools/call', params });
  assert.equal((await fronted.ask('short', 'ping'))['id'], 'short');
  await server.kill();
  const long = await fronted.next();
  assert.equal(long['id'], 'long');
  assert.equal(faultIn(long), 'GUARD_REMOTE_SESSION_LOST');
  assert.equal((await fronted.remote.ended)?.code, 'GUARD_REMOTE_SESSION_LOST');
});

test('a server that does not begin to answer is given up', async () => {
  const { fault, told } = await faultOf(() => {}, { answerMs: 1_500 });
  assert.equal(fault, 'GUARD_REMOTE_TIMEOUT');
  assert.deepEqual(told, ['GUARD_REMOTE_TIMEOUT']);
});

test('a server of the older kind that names no address is given up', async () => {
  await using server = await ScriptedServer.start((_, response) => void beginEvents(response));
  await using fronted = new FrontedServer(server.url, { transport: 'sse', limits: { acceptMs: 100 } });
  assert.equal(faultIn(await fronted.initialize()), 'GUARD_REMOTE_TIMEOUT');
});

test('a notification that is not taken in time is reported, and the session goes on', async () => {
  await using server = await ScriptedServer.start((asked, response) =>
    asked.message['method'] === 'notifications/x'
      ? undefined
      : session((inner, answer) => reply(answer, resultOf(inner)))(asked, response),
  );
  await using fronted = new FrontedServer(server.url, { limits: { acceptMs: 500 } });
  await fronted.initialize();
  await fronted.send({ method: 'notifications/x' });
  assert.equal((await fronted.ask(1, 'y'))['id'], 1);
  assert.ok(fronted.faults.includes('GUARD_REMOTE_TIMEOUT'));
});

for (const [what, handler, code] of [
  ['HTTP 500', (_, response) => void response.writeHead(500).end('boom'), 'GUARD_REMOTE_REFUSED'],
  [
    'HTTP 400',
    (_, response) => void response.writeHead(400).end('{"jsonrpc":"2.0"}'),
    'GUARD_REMOTE_REFUSED',
  ],
  [
    'a redirect',
    (_, response) => void response.writeHead(302, { location: 'https://example.com/' }).end(),
    'GUARD_REMOTE_REDIRECTED',
  ],
  ['a redirect to nowhere', (_, response) => void response.writeHead(302).end(), 'GUARD_REMOTE_REDIRECTED'],
  ['HTML', (_, response) => reply(response, '<p>', 'text/html'), 'GUARD_REMOTE_MALFORMED'],
  ['no content type', (_, response) => void response.writeHead(200).end('{}'), 'GUARD_REMOTE_MALFORMED'],
  ['no JSON', (_, response) => reply(response, '{"jsonrpc":'), 'GUARD_REMOTE_UNANSWERED'],
  ['no message', (_, response) => reply(response, '"text"'), 'GUARD_REMOTE_UNANSWERED'],
  ['nothing', (_, response) => reply(response, ''), 'GUARD_REMOTE_UNANSWERED'],
  [
    'an answer to something else',
    (_, response) => reply(response, '{"jsonrpc":"2.0","id":"?","result":{}}'),
    'GUARD_REMOTE_UNANSWERED',
  ],
  [
    'JSON that is too deep to be split',
    (_, response) =>
      reply(
        response,
        `[{"jsonrpc":"2.0","id":"asked","result":${'['.repeat(200_000)}${']'.repeat(200_000)}}]`,
      ),
    'GUARD_REMOTE_UNANSWERED',
  ],
  [
    'events that are none',
    (_, response) => reply(response, 'what is this\n\n:\n\0\n\n', 'text/event-stream'),
    'GUARD_REMOTE_UNANSWERED',
  ],
  [
    'events that are no JSON',
    (_, response) => reply(response, 'data: {\n\ndata: [\n\n', 'text/event-stream'),
    'GUARD_REMOTE_UNANSWERED',
  ],
  [
    'a stream that breaks',
    (_, response) => void beginEvents(response).write('data: {"jsonrpc"', () => response.destroy()),
    'GUARD_REMOTE_UNREACHABLE',
  ],
  [
    'a body that breaks',
    (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': '99' })
        .write('{', () => response.destroy()),
    'GUARD_REMOTE_UNREACHABLE',
  ],
  ['a connection that breaks', (_, response) => void response.destroy(), 'GUARD_REMOTE_UNREACHABLE'],
  ['a body without end', (_, response) => pour(response, 'application/json', ' '), 'GUARD_REMOTE_LIMIT'],
  [
    'an event without end',
    (_, response) => pour(response, 'text/event-stream', 'data: x'),
    'GUARD_REMOTE_LIMIT',
  ],
  ['a compressed body without end', (_, response) => void compressed(response), 'GUARD_REMOTE_LIMIT'],
] as const satisfies readonly (readonly [string, Handler, string])[]) {
  test(`${what} for an answer is told, and the session goes on`, async () => {
    const { fault, told } = await faultOf(handler, { ...QUICK, messageBytes: 512 * 1024 });
    assert.equal(fault, code);
    assert.equal(told.at(-1), code);
  });
}

/** Sends until nobody reads any more. */
function pour(response: Parameters<Handler>[1], type: string, text: string): void {
  response.writeHead(200, { 'content-type': type });
  const piece = text.repeat(64 * 1024);
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}

async function compressed(response: Parameters<Handler>[1]): Promise<void> {
  const { gzipSync } = await import('node:zlib');
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
  response.end(gzipSync(Buffer.alloc(8 * 1024 * 1024, ' ')));
}

test('an answer in a refusal is the answer', async () => {
  const error = { code: -32_602, message: 'no such tool' };
  await using server = await silent(
    ({ message: { id } }, response) =>
      void response.writeHead(400).end(JSON.stringify({ jsonrpc: '2.0', id, error })),
  );
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  assert.deepEqual(await fronted.ask(1, 'x'), { jsonrpc: '2.0', id: 1, error });
});

test('a server that no longer knows the session ends it', async () => {
  await using server = await silent((_, response) => void response.writeHead(404).end());
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  assert.equal(faultIn(await fronted.ask(1, 'x')), 'GUARD_REMOTE_SESSION_LOST');
  assert.equal((await fronted.remote.ended)?.code, 'GUARD_REMOTE_SESSION_LOST');
  assert.equal(await fronted.nextLine(), null);
});

test('a stream that breaks is resumed after its last event', async () => {
  const from = ({ headers }: Asked) => headers['last-event-id'];
  let id: unknown = null;
  await using server = await silent((asked, response) => {
    if (asked.method === 'POST') {
      id = asked.message['id'];
      return void beginEvents(response).end(
        'retry: 50\nid: one\ndata: {"jsonrpc":"2.0","method":"notifications/a"}\n\n',
      );
    }
    if (from(asked) === 'one')
      // It breaks again before a further event.
      return void beginEvents(response).end(':\n\n');
    throw new Error(`unexpected ${from(asked)}`);
  });
  const resumes: string[] = [];
  await using fronted = new FrontedServer(server.url, { limits: QUICK });
  await fronted.initialize();
  await fronted.send({ id: 1, method: 'x' });
  assert.equal((await fronted.next())['method'], 'notifications/a');
  const failed = await fronted.next();
  resumes.push(...server.asked.flatMap((asked) => from(asked) ?? []).map(String));
  assert.equal(failed['id'], id);
  assert.equal(faultIn(failed), 'GUARD_REMOTE_UNANSWERED');
  assert.deepEqual(resumes, ['one', 'one', 'one'], 'the number of attempts is bounded');
});

test('the answer may come over a resumed stream', async () => {
  let attempts = 0;
  await using server = await silent((asked, response) => {
    if (asked.method === 'POST') return void beginEvents(response).end('id: one\ndata:\n\n');
    attempts += 1;
    if (attempts < 3) return void response.writeHead(503).end();
    return reply(response, 'data: {"jsonrpc":"2.0","id":1,"result":{"late":true}}\n\n', 'text/event-stream');
  });
  await using fronted = new FrontedServer(server.url, { limits: QUICK });
  await fronted.initialize();
  assert.deepEqual((await fronted.ask(1, 'x'))['result'], { late: true });
  assert.deepEqual(fronted.faults, []);
});

test('the stream of the server’s own messages is opened again, within bounds', async () => {
  let opened = 0;
  await using server = await ScriptedServer.start(
    session((asked, response) => {
      if (asked.method !== 'GET') return reply(response, resultOf(asked));
      opened += 1;
      const event = `id: ${opened}\ndata: {"jsonrpc":"2.0","method":"notifications/${opened}"}\n\n`;
      return void beginEvents(response).end(opened < 3 ? event : '');
    }),
  );
  await using fronted = new FrontedServer(server.url, { limits: QUICK });
  await fronted.initialize();
  assert.equal((await fronted.next())['method'], 'notifications/1');
  assert.equal((await fronted.next())['method'], 'notifications/2');
  while (fronted.faults.length === 0) await fronted.ask('x', 'ping');
  assert.deepEqual(fronted.faults, ['GUARD_REMOTE_UNANSWERED']);
  assert.deepEqual(
    server.asked.filter(({ method }) => method === 'GET').map(({ headers }) => headers['last-event-id']),
    [undefined, '1', '2', '2', '2'],
  );
});

test('a server that only sends what is no message is given up', async () => {
  await using server = await silent((_, response) => pour(response, 'text/event-stream', 'data: x\n\n'));
  await using fronted = new FrontedServer(server.url, { limits: { malformed: 20 } });
  await fronted.initialize();
  assert.equal(faultIn(await fronted.ask(1, 'x')), 'GUARD_REMOTE_MALFORMED');
  assert.equal((await fronted.remote.ended)?.code, 'GUARD_REMOTE_MALFORMED');
  assert.equal(fronted.faults.length, 20);
});

test('a version that no header can carry is not sent', async () => {
  const result = { protocolVersion: 'x\r\nauthorization: evil', capabilities: {}, serverInfo: {} };
  await using server = await ScriptedServer.start((asked, response) =>
    asked.message['id'] === undefined
      ? void response.writeHead(202).end()
      : reply(response, resultOf(asked, result)),
  );
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  assert.deepEqual((await fronted.ask(1, 'x'))['result'], result);
  assert.ok(server.asked.every(({ headers }) => headers['mcp-protocol-version'] === undefined));
});

test('streams together hold no more than one limit', async () => {
  const open: (() => void)[] = [];
  await using server = await silent((_, response) => {
    beginEvents(response).write(`data: ${'x'.repeat(300_000)}`);
    open.push(() => response.destroy());
  });
  await using fronted = new FrontedServer(server.url, { limits: { ...QUICK, heldBytes: 1_000_000 } });
  await fronted.initialize();
  for (let id = 0; id < 4; id += 1) await fronted.send({ id, method: 'x' });
  assert.equal(faultIn(await fronted.next()), 'GUARD_REMOTE_LIMIT');
});

test('more requests than are kept are answered at once', async () => {
  await using server = await silent(() => {});
  await using fronted = new FrontedServer(server.url, { limits: { openRequests: 3 } });
  await fronted.initialize();
  for (const id of [1, 2, 3, 4]) await fronted.send({ id, method: 'x' });
  const answer = await fronted.next();
  assert.equal(answer['id'], 4);
  assert.equal(faultIn(answer), 'GUARD_REMOTE_LIMIT');
});

test('close answers what is open', async () => {
  await using server = await silent(() => {});
  await using fronted = new FrontedServer(server.url, { limits: { closeMs: 200 } });
  await fronted.initialize();
  await fronted.send({ id: 1, method: 'x' });
  while (server.sent('x').length === 0) await sleep(1);
  await fronted.remote.close();
  assert.equal((await fronted.next())['id'], 1);
  assert.equal(await fronted.nextLine(), null);
});

test('a message of the client that is too long or no JSON is answered and not sent', async () => {
  await using server = await silent((asked, response) => reply(response, resultOf(asked)));
  await using fronted = new FrontedServer(server.url, { limits: { messageBytes: 1_000 } });
  await fronted.initialize();
  await fronted.write(`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(2_000)}"}`);
  assert.equal(faultIn(await fronted.next()), 'GUARD_REMOTE_LIMIT');
  await fronted.write('{"jsonrpc":');
  assert.equal(faultIn(await fronted.next()), 'GUARD_REMOTE_MALFORMED');
  await fronted.send({ id: 'x'.repeat(900), method: 'x' });
  assert.equal((await fronted.next())['id'], 'x'.repeat(900));
  assert.equal(server.sent('x').length, 1);
});
