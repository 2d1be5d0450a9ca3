import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrontedServer, faultIn } from './fronted-server.ts';
import { beginEvents, reply, resultOf, ScriptedServer, session } from './scripted-server.ts';

const NO_STREAM = (response: ServerResponse) => void response.writeHead(405).end();

/** Answers every request of a session with what `text` makes of it. */
function answering(text: (id: unknown) => string, type?: string) {
  return ScriptedServer.start(
    session((asked, response) =>
      asked.method === 'GET' ? NO_STREAM(response) : reply(response, text(asked.message['id']), type),
    ),
  );
}

test('each request after initialize names the session and the version, and the session is ended at close', async () => {
  await using server = await answering((id) => JSON.stringify({ jsonrpc: '2.0', id, result: {} }));
  const fronted = new FrontedServer(server.url);
  await fronted.initialize();
  await fronted.ask(1, 'tools/list');
  await fronted.remote.close();
  const [first, ...rest] = server.asked;
  assert.equal(first?.headers['mcp-session-id'], undefined);
  assert.equal(first?.headers['mcp-protocol-version'], undefined);
  for (const { headers } of rest) {
    assert.equal(headers['mcp-session-id'], 'session-1');
    assert.equal(headers['mcp-protocol-version'], '2025-11-25');
  }
  assert.equal(rest.at(-1)?.method, 'DELETE');
  assert.equal(await fronted.nextLine(), null);
  assert.equal(await fronted.remote.ended, null);
});

test('messages arrive at the server byte for byte', async () => {
  await using server = await answering((id) => JSON.stringify({ jsonrpc: '2.0', id, result: {} }));
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  const line =
    '{"id":1, "params":{"z":12345678901234567890,"a":1.0,"b":"\\u00e9é","_meta":{}} ,"method":"x","jsonrpc":"2.0","extra":-0}';
  await fronted.write(line);
  await fronted.next();
  assert.equal(server.asked.at(-1)?.text, line);
});

const ANSWER =
  '{"result":{"z":12345678901234567890,"a":1.0,"b":"\\u00e9é\\n","_meta":{}} ,"id":1,"jsonrpc":"2.0","extra":-0}';
for (const [what, text, type] of [
  ['as JSON', ANSWER, 'application/json; charset=utf-8'],
  ['as an event', `event: message\ndata: ${ANSWER}\n\n`, 'text/event-stream'],
  ['as JSON with a byte order mark', `\uFEFF${ANSWER}`, 'application/json'],
] as const) {
  test(`an answer arrives at the client byte for byte (${what})`, async () => {
    await using server = await answering(() => text, type);
    await using fronted = new FrontedServer(server.url);
    await fronted.initialize();
    await fronted.send({ id: 1, method: 'x' });
    assert.equal(await fronted.nextLine(), ANSWER);
  });
}

test('line breaks between the tokens of an answer become spaces, for a line has none', async () => {
  const event = 'data: {"jsonrpc":"2.0",\r\ndata:  "id":1,\r\ndata: "result":{}}\r\n\r\n';
  await using server = await answering(() => event, 'text/event-stream');
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  await fronted.send({ id: 1, method: 'x' });
  assert.equal(await fronted.nextLine(), '{"jsonrpc":"2.0",  "id":1, "result":{}}');
});

test('a batch of answers becomes one line each', async () => {
  await using server = await answering(
    () => '[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]',
  );
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  await fronted.write('[{"jsonrpc":"2.0","id":1,"method":"x"},{"jsonrpc":"2.0","id":2,"method":"y"}]');
  assert.deepEqual([(await fronted.next())['id'], (await fronted.next())['id']], [1, 2]);
});

test('what a batch gets no answer to is answered here', async () => {
  await using server = await answering(() => '[{"jsonrpc":"2.0","id":2,"result":{}}]');
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  await fronted.write('[{"jsonrpc":"2.0","id":1,"method":"x"},{"jsonrpc":"2.0","id":2,"method":"y"}]');
  assert.equal((await fronted.next())['id'], 2);
  const failed = await fronted.next();
  assert.equal(failed['id'], 1);
  assert.equal(faultIn(failed), 'GUARD_REMOTE_UNANSWERED');
});

test('requests need not wait for one another', async () => {
  const waiting: (() => void)[] = [];
  await using server = await ScriptedServer.start(
    session((asked, response) => {
      if (asked.method === 'GET') return NO_STREAM(response);
      waiting.push(() => reply(response, resultOf(asked)));
      if (waiting.length === 50) for (const answer of waiting.reverse()) answer();
    }),
  );
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  const ids = Array.from({ length: 50 }, (_, index) => index);
  for (const id of ids) await fronted.send({ id, method: 'x' });
  const answered: unknown[] = [];
  for (const _ of ids) answered.push((await fronted.next())['id']);
  assert.deepEqual(
    answered.sort((a, b) => Number(a) - Number(b)),
    ids,
  );
});

test('notifications are taken one after the other, and a request after them', async () => {
  const order: unknown[] = [];
  const inside = session((asked, response) =>
    asked.method === 'GET' ? NO_STREAM(response) : reply(response, resultOf(asked)),
  );
  await using server = await ScriptedServer.start(async (asked, response) => {
    // The first is the slowest.
    if (asked.message['id'] === undefined) await sleep(Math.max(0, 40 - 10 * order.length));
    if (asked.method === 'POST') order.push(asked.message['method']);
    await inside(asked, response);
  });
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  for (const name of ['a', 'b', 'c']) await fronted.send({ method: `notifications/${name}` });
  await fronted.ask(1, 'x');
  assert.deepEqual(order.slice(2), ['notifications/a', 'notifications/b', 'notifications/c', 'x']);
});

test('a request that is taken back is waited for no more, and its stream ended', async () => {
  let left: (value: unknown) => void = () => {};
  const ended = new Promise((resolve) => {
    left = resolve;
  });
  await using server = await ScriptedServer.start(
    session((asked, response) => {
      if (asked.method === 'GET') return NO_STREAM(response);
      if (asked.message['method'] === 'x') return void beginEvents(response).on('close', left);
      return reply(response, resultOf(asked));
    }),
  );
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  await fronted.send({ id: 1, method: 'x' });
  await fronted.send({ method: 'notifications/cancelled', params: { requestId: 1 } });
  await ended;
  assert.equal((await fronted.ask(2, 'y'))['id'], 2);
  assert.equal(server.sent('notifications/cancelled').length, 1);
  assert.deepEqual(fronted.faults, []);
});

test('an answer to what was not asked is dropped', async () => {
  await using server = await answering(
    (id) =>
      `[{"jsonrpc":"2.0","id":"forged","result":{}},{"jsonrpc":"2.0","id":${id},"result":{}},{"jsonrpc":"2.0","id":${id},"result":{"twice":true}}]`,
  );
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  for (const id of [1, 2]) {
    await fronted.send({ id, method: 'x' });
    assert.deepEqual(await fronted.next(), { jsonrpc: '2.0', id, result: {} });
  }
});

test('what was asked is still answered once the client sends no more', async () => {
  await using server = await ScriptedServer.start(
    session(async (asked, response) => {
      if (asked.method === 'GET') return NO_STREAM(response);
      await sleep(50);
      return reply(response, resultOf(asked));
    }),
  );
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  await fronted.send({ id: 1, method: 'x' });
  fronted.remote.input.end();
  assert.deepEqual(await fronted.next(), { jsonrpc: '2.0', id: 1, result: {} });
  assert.equal(await fronted.nextLine(), null);
  assert.equal(await fronted.remote.ended, null);
  assert.equal(server.asked.at(-1)?.method, 'DELETE');
});

test('a client that reads slowly holds the server back', async () => {
  const event = `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/x', params: 'x'.repeat(64_000) })}\n\n`;
  const total = 2_000;
  let written = 0;
  await using server = await ScriptedServer.start(
    session(async (asked, response) => {
      if (asked.method === 'GET') return NO_STREAM(response);
      beginEvents(response);
      const closed = once(response, 'close');
      for (; written < total && !response.destroyed; written += 1) {
        if (!response.write(event)) await Promise.race([once(response, 'drain'), closed]);
      }
      response.end(`data: ${resultOf(asked)}\n\n`);
    }),
  );
  await using fronted = new FrontedServer(server.url);
  await fronted.initialize();
  fronted.remote.output.pause();
  fronted.remote.output.removeAllListeners('data');
  await fronted.send({ id: 1, method: 'x' });
  let before = -1;
  while (before !== written) {
    before = written;
    await sleep(200);
  }
  // What is in flight fits into the buffers of two sockets and a stream.
  assert.ok(written > 0 && written < total / 2, `${written} of ${total} were written`);
  let bytes = 0;
  for await (const chunk of fronted.remote.output) {
    bytes += chunk.length;
    if (chunk.includes('"result":{}')) break;
  }
  assert.ok(bytes > total * 64_000);
});

for (const type of ['application/json', 'text/event-stream']) {
  test(`an answer of 12 MiB arrives whole (${type})`, async () => {
    const big = 'é\\n'.repeat(3 * 1024 * 1024);
    const answer = (id: unknown) => `{"jsonrpc":"2.0","id":${id},"result":{"big":"${big}"}}`;
    await using server = await answering(
      (id) => (type === 'application/json' ? answer(id) : `data: ${answer(id)}\n\n`),
      type,
    );
    await using fronted = new FrontedServer(server.url);
    await fronted.initialize();
    await fronted.send({ id: 1, method: 'x' });
    assert.ok((await fronted.nextLine()) === answer(1));
  });
}
