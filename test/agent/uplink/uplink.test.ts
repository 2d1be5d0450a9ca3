import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fullServer } from '../../../agent/enrich/known-server.ts';
import type { TlsCredentials } from '../../../agent/enrolment/central-requests.ts';
import { Meta, openDatabase } from '../../../agent/state/database.ts';
import { Spool } from '../../../agent/state/spool.ts';
import { Uplink, type UplinkOptions } from '../../../agent/uplink/uplink.ts';
import { type AgentFrame, limits } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { draft, known } from '../samples.ts';
import { obliging, PlayedCentral } from './played-central.ts';

const PATIENCE = { timeout: 180_000 };
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function linked(
  context: TestContext,
  onFrame: (central: PlayedCentral, frame: AgentFrame) => void,
  more: Partial<UplinkOptions> = {},
) {
  const state = new TempDirectory();
  const database = openDatabase(state.path);
  const meta = new Meta(database);
  const spool = new Spool(database, meta);
  const central = new PlayedCentral(onFrame);
  const refusals: string[] = [];
  const identity: { credentials: TlsCredentials | null } = { credentials: { ca: '', cert: '', key: '' } };
  const agent = { id: meta.agentId(), version: '0', host: 'h', os: 'o' };
  const uplink = new Uplink({
    url: await central.url(),
    credentials: () => identity.credentials,
    machine: null,
    bundles: () => [],
    onBundle: () => undefined,
    agent: () => ({ ...agent, id: meta.agentId() }),
    generations: meta,
    onRefused: (code) => refusals.push(code),
    spool,
    log: quiet,
    self: { started: new Date(), lost: () => ({}), health: () => [] },
    stopReason: () => 'stop',
    obey: () => Promise.resolve(''),
    ...more,
  });
  context.after(async () => {
    await uplink.stop(0);
    central.close();
    database.close();
    state[Symbol.dispose]();
  });
  const add = (count: number) =>
    database.transaction(() => {
      for (let n = 0; n < count; n += 1) spool.append(draft());
    })();
  return { central, uplink, spool, add, database, meta, refusals, identity };
}

/** An uplink that has nothing to send. */
function uplinkTo(context: TestContext, url: string, onRefused: (code: string) => void): Uplink {
  const state = new TempDirectory();
  const database = openDatabase(state.path);
  const meta = new Meta(database);
  const uplink = new Uplink({
    url,
    credentials: () => ({ ca: '', cert: '', key: '' }),
    machine: null,
    agent: () => ({ id: meta.agentId(), version: '0', host: 'h', os: 'o' }),
    generations: meta,
    onRefused,
    spool: new Spool(database, meta),
    log: quiet,
    self: { started: new Date(), lost: () => ({}), health: () => [] },
    stopReason: () => 'stop',
    obey: () => Promise.resolve(''),
    bundles: () => [],
    onBundle: () => undefined,
  });
  context.after(async () => {
    await uplink.stop(0);
    database.close();
    state[Symbol.dispose]();
  });
  return uplink;
}

test('the spool goes on where central stands', PATIENCE, async (context) => {
  const { central, uplink, spool, add } = await linked(
    context,
    obliging(() => 3),
  );
  add(5);
  uplink.start();
  await central.until(() => central.seqs.length === 2);
  assert.deepEqual(central.seqs, [4, 5]);
  assert.equal(central.of('hello')[0]?.last_seq, 5);
  add(1);
  uplink.notify();
  await central.until(() => central.seqs.length === 3);
  await uplink.stop(30_000);
  assert.equal(spool.waiting, 0);
  await central.until(() => central.of('goodbye').length === 1);
});

test('what was not acknowledged is sent again after the connection was lost', PATIENCE, async (context) => {
  let connections = 0;
  const { central, uplink, add } = await linked(context, (self, frame) => {
    if (frame.type === 'hello') {
      connections += 1;
      self.send({ type: 'welcome', acked_seq: 0 });
    }
    if (frame.type === 'batch' && connections === 1) self.drop();
  });
  add(2);
  uplink.start();
  await central.until(() => central.seqs.length === 4);
  assert.deepEqual(central.seqs, [1, 2, 1, 2]);
});

test('nonsense from central ends the connection, and the next one works', PATIENCE, async (context) => {
  for (const nonsense of ['x', '{}', '{"type":"welcome","acked_seq":-1}', '{"type":"batch","alerts":[]}']) {
    let connections = 0;
    const { central, uplink, add, spool } = await linked(context, (self, frame) => {
      if (frame.type === 'hello') connections += 1;
      if (connections === 1) self.send(nonsense);
      else obliging(() => 0)(self, frame);
    });
    add(1);
    uplink.start();
    await central.until(() => central.seqs.length === 1);
    assert.equal(connections, 2);
    await uplink.stop(30_000);
    assert.equal(spool.waiting, 0);
  }
});

test('an acknowledgement of what was never sent counts for nothing', PATIENCE, async (context) => {
  const { central, uplink, add, spool } = await linked(context, (self, frame) => {
    if (frame.type === 'hello') self.send({ type: 'ack', seq: 3 });
    obliging(() => 0)(self, frame);
    if (frame.type === 'batch') self.send({ type: 'ack', seq: 1_000 });
  });
  add(2);
  uplink.start();
  await central.until(() => central.seqs.length === 2);
  await uplink.stop(30_000);
  assert.equal(spool.acked, 2);
});

test('only so many batches wait for their acknowledgement', PATIENCE, async (context) => {
  let answer = false;
  const { central, uplink, add } = await linked(context, (self, frame) => {
    if (frame.type === 'hello') self.send({ type: 'welcome', acked_seq: 0 });
    if (frame.type === 'batch' && answer) self.send({ type: 'ack', seq: frame.alerts.at(-1)?.seq ?? 0 });
  });
  add(limits.MAX_BATCH_ALERTS * 6);
  uplink.start();
  await central.until(() => central.of('batch').length === limits.MAX_BATCHES_IN_FLIGHT);
  uplink.notify();
  uplink.announce([]);
  await central.until(() => central.of('inventory').length === 2);
  assert.equal(central.of('batch').length, limits.MAX_BATCHES_IN_FLIGHT);
  answer = true;
  central.send({ type: 'ack', seq: limits.MAX_BATCH_ALERTS });
  await central.until(() => central.seqs.length === limits.MAX_BATCH_ALERTS * 5);
});

test('where central knows later numbers, what waits comes above them', PATIENCE, async (context) => {
  const { central, uplink, add } = await linked(
    context,
    obliging(() => 500),
  );
  add(2);
  uplink.start();
  await central.until(() => central.seqs.length === 2);
  assert.deepEqual(central.seqs, [501, 502]);
});

test(
  'the generation of a welcome is kept before anything is sent, and shown in the next hello',
  PATIENCE,
  async (context) => {
    const generations = ['aa'.repeat(16), 'bb'.repeat(16)];
    let connections = 0;
    const kept: (string | null)[] = [];
    const { central, uplink, add, meta } = await linked(context, (self, frame) => {
      if (frame.type === 'hello') {
        self.send({ type: 'welcome', acked_seq: 0, generation: generations[connections] ?? '' });
        connections += 1;
      }
      if (frame.type === 'inventory') kept.push(meta.generation());
      if (frame.type === 'batch' && connections === 1) self.drop();
    });
    add(1);
    uplink.start();
    await central.until(() => central.of('batch').length === 2);
    assert.deepEqual(
      central.of('hello').map(({ generation }) => generation),
      [null, generations[0] ?? ''],
    );
    assert.deepEqual(kept, generations);
  },
);

test(
  'what waits is numbered anew where central says so, though its numbers are the higher ones',
  PATIENCE,
  async (context) => {
    const { central, uplink, add, spool } = await linked(context, (self, frame) => {
      if (frame.type === 'hello') self.send({ type: 'welcome', acked_seq: 3, renumber: true });
      if (frame.type === 'batch') self.send({ type: 'ack', seq: frame.alerts.at(-1)?.seq ?? 0 });
    });
    add(5);
    spool.acknowledge(1);
    uplink.start();
    await central.until(() => central.seqs.length === 4);
    assert.deepEqual(central.seqs, [4, 5, 6, 7]);
  },
);

test('a new identity gets all that waits, numbered from 1 under its name', PATIENCE, async (context) => {
  const { central, uplink, add, spool, meta } = await linked(
    context,
    obliging(() => 0),
  );
  add(5);
  spool.acknowledge(2);
  const before = meta.agentId();
  meta.keepGeneration('aa'.repeat(16));
  spool.takeNewId();
  const now = meta.agentId();
  assert.notEqual(now, before);
  uplink.start();
  await central.until(() => central.seqs.length === 3);
  const ids = central.of('batch').flatMap(({ alerts }) => alerts.map(({ id }) => id));
  assert.deepEqual(ids, [`${now}-1`, `${now}-2`, `${now}-3`]);
  assert.equal(central.of('hello')[0]?.generation, null);
});

test('a refusal is told by its code, in a frame and before the upgrade', PATIENCE, async (context) => {
  const { central, uplink, refusals } = await linked(context, (self, frame) => {
    if (frame.type === 'hello') self.send({ type: 'refuse', code: 'cloned', message: 'm' });
    self.drop();
  });
  uplink.start();
  await central.until(() => refusals.length > 0);
  assert.equal(refusals[0], 'cloned');
  await uplink.stop(0);
  const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  server.on('upgrade', (_request, socket) =>
    socket.end('HTTP/1.1 403 Forbidden\r\nSealwatch-Reason: revoked\r\n\r\n'),
  );
  const told = await new Promise<string>((resolve) => {
    const { port } = server.address() as AddressInfo;
    uplinkTo(context, `ws://127.0.0.1:${port}`, resolve).start();
  });
  assert.equal(told, 'revoked');
});

test('without credentials nothing is tried; once they are there it connects', PATIENCE, async (context) => {
  const { central, uplink, identity } = await linked(
    context,
    obliging(() => 0),
  );
  const { credentials } = identity;
  identity.credentials = null;
  uplink.start();
  uplink.wake();
  assert.equal(central.frames.length, 0);
  identity.credentials = credentials;
  uplink.wake();
  uplink.wake();
  await central.until(() => central.of('inventory').length === 1);
  uplink.wake();
  assert.equal(central.of('hello').length, 1);
});

test('servers that no frame can hold are counted, and alerts go on', PATIENCE, async (context) => {
  const { central, uplink, add } = await linked(
    context,
    obliging(() => 0),
  );
  const huge = fullServer(known({ server: { args: ['x'.repeat(limits.MAX_FRAME_BYTES)] } }));
  uplink.announce([huge, fullServer(known())]);
  add(1);
  uplink.start();
  await central.until(() => central.seqs.length === 1);
  const [inventory] = central.of('inventory');
  assert.deepEqual([inventory?.servers.length, inventory?.omitted], [1, 1]);
});

test(
  'each batch says what it follows, so that what was given up in between is no gap',
  PATIENCE,
  async (context) => {
    const { central, uplink, spool, add, database } = await linked(
      context,
      obliging(() => 2),
    );
    add(4);
    database.prepare('DELETE FROM spool WHERE seq = 3').run();
    uplink.start();
    await central.until(() => central.seqs.length === 1);
    assert.deepEqual([central.of('batch')[0]?.after, central.seqs], [2, [4]]);
    add(1);
    uplink.notify();
    await central.until(() => central.seqs.length === 2);
    assert.equal(central.of('batch')[1]?.after, 4);
    assert.equal(spool.last, 5);
  },
);

test(
  'a central that was restored from a backup is sent again what is still here',
  PATIENCE,
  async (context) => {
    let stands = 0;
    const { central, uplink, add } = await linked(
      context,
      obliging(() => stands),
      { random: () => 0 },
    );
    add(5);
    uplink.start();
    await central.until(() => central.seqs.length === 5);
    stands = 3;
    central.drop();
    await central.until(() => central.seqs.length === 7);
    assert.deepEqual(central.seqs.slice(5), [4, 5]);
  },
);

test('central hears how the collectors are, what waits and what was lost', PATIENCE, async (context) => {
  const lost: Record<string, number> = { spool: 3 };
  const health = [{ collector: 'file/watcher', state: 'degraded', detail: 'd'.repeat(600) } as const];
  const started = new Date('2026-11-28T10:00:00.000Z');
  const { central, uplink } = await linked(
    context,
    obliging(() => 0),
    { self: { started, lost: () => lost, health: () => health } },
  );
  uplink.start();
  await central.until(() => central.of('heartbeat').length === 1 && central.of('loss').length === 1);
  assert.deepEqual(central.of('heartbeat')[0], {
    type: 'heartbeat',
    last_seq: 0,
    waiting: 0,
    health: [{ ...health[0], detail: 'd'.repeat(500) }],
  });
  assert.deepEqual(central.of('loss')[0], { type: 'loss', since: started.toISOString(), lost: { spool: 3 } });
  for (let more = 0; more < 50; more += 1) {
    lost['queue'] = more + 1;
    uplink.lossesChanged();
  }
  await central.until(() => central.of('loss').at(-1)?.lost['queue'] === 50);
  assert.equal(central.of('loss').length, 3, 'at once, and the rest as one');
});

test('a command is obeyed and answered, a failing one too', PATIENCE, async (context) => {
  const obeyed: string[] = [];
  const { central, uplink } = await linked(
    context,
    (self, frame) => {
      obliging(() => 0)(self, frame);
      if (frame.type === 'result' && frame.id === 'b') {
        self.send('{"type":"command","id":"c","name":"run_shell"}');
      }
      if (frame.type !== 'hello' || self.of('hello').length > 1) return;
      self.send({ type: 'command', id: 'a', name: 'look_again' });
      self.send({ type: 'command', id: 'b', name: 'reload_rules' });
    },
    {
      random: () => 0,
      obey: (command) => {
        obeyed.push(command);
        return command === 'look_again' ? Promise.resolve('looked') : Promise.reject(new Error('no rules'));
      },
    },
  );
  uplink.start();
  await central.until(() => central.of('hello').length === 2);
  assert.deepEqual(central.of('result'), [
    { type: 'result', id: 'a', ok: true, message: 'looked' },
    { type: 'result', id: 'b', ok: false, message: 'no rules' },
  ]);
  assert.deepEqual(obeyed, ['look_again', 'reload_rules'], 'nothing else is obeyed');
});
