import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ClientOptions } from 'ws';
import { closedCentral } from '../api/callers.ts';
import { connect, hello, issueCredentials, Link, until, workDirectory } from '../bench.ts';
import { AGENT, OTHER_AGENT, plainAlert } from '../samples.ts';
import { AGENT_FRAMES } from './frames.ts';
import { snapshot } from './snapshot.ts';

/** What a link that is refused ends with: a close code, after a refusal where there was one. */
async function endOf(link: Link): Promise<{ readonly refusal: string | null; readonly code: number }> {
  let refusal: string | null = null;
  for (let frame = await link.next(); frame !== null; frame = await link.next()) {
    if (frame.type === 'refuse') refusal = frame.code;
    else assert.notEqual(frame.type, 'ack');
  }
  return { refusal, code: (await link.closed).code };
}

/** Rows of what agents have sent, without the times at which they connected. */
async function sentBy(directory: string): Promise<string> {
  const { rows } = await snapshot(directory);
  return JSON.stringify(
    JSON.parse(rows).filter(([table]: [string]) => ['alerts', 'servers', 'bundle_states'].includes(table)),
  );
}

test('every frame is lost on a connection without a certificate, or with one of another central', async (context) => {
  const { central, directory } = await closedCentral(context);
  const before = await sentBy(directory);
  const foreign = await issueCredentials(join(workDirectory(context), 'authority'), [AGENT]);
  const shown: readonly ClientOptions[] = [
    { cert: undefined, key: undefined } as unknown as ClientOptions,
    { cert: foreign.get(AGENT)?.cert, key: foreign.get(AGENT)?.key } as ClientOptions,
  ];
  for (const frame of Object.values(AGENT_FRAMES)) {
    for (const options of shown) {
      const link = new Link(central.url, AGENT, options);
      link.socket.once('open', () => assert.fail(`${frame.type} got through`));
      link.send(frame);
      assert.deepEqual(await endOf(link), { refusal: null, code: 1006 });
    }
  }
  assert.equal(await sentBy(directory), before);
});

test('every frame but hello is refused before hello, and hello after it', async (context) => {
  const { central, directory } = await closedCentral(context);
  const before = await sentBy(directory);
  for (const frame of Object.values(AGENT_FRAMES)) {
    if (frame.type === 'hello') {
      const { link } = await connect(context, central);
      link.send(frame);
      assert.deepEqual(await endOf(link), { refusal: 'unexpected-frame', code: 4405 });
      continue;
    }
    const link = new Link(central.url);
    link.send(frame);
    assert.deepEqual(await endOf(link), { refusal: 'unexpected-frame', code: 4405 }, frame.type);
  }
  assert.equal(await sentBy(directory), before);
});

test('an agent speaks for itself alone', async (context) => {
  const { central, directory } = await closedCentral(context);
  const before = await sentBy(directory);
  const impostor = new Link(central.url, AGENT);
  impostor.send(hello(OTHER_AGENT));
  assert.deepEqual(await endOf(impostor), { refusal: 'not-this-agent', code: 4403 });
  const { link } = await connect(context, central);
  link.send({ type: 'batch', alerts: [plainAlert(1, {}, OTHER_AGENT)] });
  assert.deepEqual(await endOf(link), { refusal: 'bad-frame', code: 4400 });
  assert.equal(await sentBy(directory), before);
});

test('every frame of a revoked agent is lost, on its live connection and on a new one', async (context) => {
  const { central, directory } = await closedCentral(context);
  await connect(context, central, OTHER_AGENT);
  const { link: live } = await connect(context, central);
  await central.identity.revokeAgent(AGENT, 'cli:test');
  const before = await sentBy(directory);
  for (const frame of Object.values(AGENT_FRAMES)) live.send(frame);
  assert.equal((await endOf(live)).code, 4401);
  for (const frame of Object.values(AGENT_FRAMES)) {
    const link = new Link(central.url);
    link.socket.once('open', () => assert.fail(`${frame.type} got through`));
    link.send(frame);
    assert.equal((await endOf(link)).code, 1006);
  }
  await until(async () => (await sentBy(directory)) === before);
});
