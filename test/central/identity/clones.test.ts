import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CentralFrame, HelloFrame } from '../../../wire/index.ts';
import { connect, deliver, hello, Link, startCentral, workDirectory } from '../bench.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { Applicant, clockedCentral, DAY_MS, tokenOf } from './applicant.ts';

const generationOf = (frame: CentralFrame | null) =>
  frame?.type === 'welcome'
    ? (frame.generation ?? '')
    : assert.fail(`no welcome but ${JSON.stringify(frame)}`);
const refusalOf = (frame: CentralFrame | null) => (frame?.type === 'refuse' ? frame.code : null);
const showing = (generation: string): HelloFrame => ({ ...(hello(AGENT) as HelloFrame), generation });

test('a copy that shows an older generation is sent away, and the holder goes on', async (context) => {
  const told: string[] = [];
  const central = await startCentral(context, workDirectory(context), {
    onCloned: (agent, detail) => told.push(`${agent}: ${detail}`),
  });
  const first = new Link(central.url);
  first.send(hello());
  const older = generationOf(await first.next());
  await deliver(first, [plainAlert(1)]);
  first.socket.terminate();
  const { link: holder } = await connect(context, central);
  await deliver(holder, [plainAlert(2)]);
  const clone = new Link(central.url);
  clone.send(showing(older));
  assert.equal(refusalOf(await clone.next()), 'cloned');
  assert.deepEqual(await clone.closed, { code: 4412, reason: 'cloned' });
  assert.equal(await deliver(holder, [plainAlert(3)]), 3);
  assert.deepEqual(told, [`${AGENT}: this identity is in use, and an older copy of it is shown`]);
  assert.ok((await central.identity.listAgents('', 1))[0]?.cloned);
});

test('of two copies with the same generation the one that is welcomed first keeps the identity', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const { link: original } = await connect(context, central);
  await deliver(original, [plainAlert(1)]);
  const { link: copy } = await connect(context, central);
  assert.equal((await original.closed).code, 4409);
  const before = await deliver(copy, [plainAlert(2)]);
  assert.equal(before, 2);
  const again = new Link(central.url);
  again.send(showing('00'.repeat(16)));
  assert.equal(refusalOf(await again.next()), 'cloned');
  assert.equal(await deliver(copy, [plainAlert(3)]), 3);
});

test('a holder that no longer answers does not keep a restored copy out', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const first = new Link(central.url);
  first.send(hello());
  const older = generationOf(await first.next());
  await deliver(first, [plainAlert(1), plainAlert(2)]);
  first.socket.terminate();
  const deaf = new Link(central.url, AGENT, { autoPong: false });
  context.after(() => deaf.socket.terminate());
  deaf.send(hello());
  await deaf.next();
  await deliver(deaf, [plainAlert(3)]);
  const restored = new Link(central.url);
  context.after(() => restored.socket.terminate());
  restored.send(showing(older));
  const welcome = await restored.next();
  assert.ok(welcome?.type === 'welcome' && welcome.renumber === true && welcome.acked_seq === 3);
  assert.equal(await deliver(restored, [plainAlert(4)]), 4);
});

test('of an identity that two machines hold, only the one with the current generation is renewed', async (context) => {
  const clocked = await clockedCentral(context);
  const { central } = clocked;
  const host = new Applicant(AGENT);
  await host.enrol(central, (await tokenOf(central)).text);
  const link = new Link(central.url);
  context.after(() => link.socket.terminate());
  link.send(hello());
  const generation = generationOf(await link.next());
  await deliver(link, [plainAlert(1)]);
  const clone = new Link(central.url);
  clone.send({ ...showing('11'.repeat(16)), machine: 'ee'.repeat(32) });
  assert.equal(refusalOf(await clone.next()), 'cloned');
  const denied = await host.renew(central, { generation: '11'.repeat(16) });
  assert.deepEqual([denied.status, denied.body.code], [403, 'cloned']);
  assert.equal((await host.renew(central)).status, 403);
  clocked.now += 2 * DAY_MS;
  assert.equal((await host.renew(central, { generation })).status, 200);
});
