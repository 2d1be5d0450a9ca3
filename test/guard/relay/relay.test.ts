import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { ORDER } from '../../../guard/relay/frames.ts';
import { Direction } from '../../../guard/session/direction.ts';
import { skip } from './built-relay.ts';
import { call, Gathered, line, RelayedSession } from './relayed-session.ts';

const LIMIT = 256 * 1024;
/** Longer than calls pass without a word of the guard. */
const LEASE_PASSED_MS = 120;

/** Numbers below a bound that are the same each time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 8) % below;
  };
}

/** Writes in pieces of any size, waiting where the reader is slow. */
async function writeCut(
  stream: NodeJS.WritableStream,
  text: string,
  random: (below: number) => number,
): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random(random(3) === 0 ? 200_000 : 400);
    if (!stream.write(bytes.subarray(at, at + size)))
      await new Promise<void>((resolve) => stream.once('drain', () => resolve()));
    else if (random(8) === 0) await turn();
    at += size;
  }
}

describe('the relay', { skip, timeout: 180_000 }, () => {
  it('passes calls of the tools that are open, and gives the guard everything else', async (t) => {
    const session = new RelayedSession(t);
    const toServer = new Gathered(session.server.input);
    const toGuard = new Gathered(session.relay.client.input);
    const [free, other, rest] = [call(1), call(2, 'other'), line({ method: 'notifications/x' })];
    session.relay.open(['echo', 'größe']);
    session.client.input.write(free);
    assert.equal(String(await toServer.until(free.length)), free);
    session.client.input.write(other + rest);
    assert.equal(String(await toGuard.until(other.length + rest.length)), other + rest);
    assert.equal(toServer.size, free.length);
    assert.equal(String(Buffer.concat(session.passed)), free);
  });

  it('passes answers, and gives the guard what the server asks or announces', async (t) => {
    const early = line({ method: 'notifications/early' });
    const session = new RelayedSession(t, early.slice(0, 10));
    const toClient = new Gathered(session.client.output);
    const toGuard = new Gathered(session.relay.server.output);
    session.server.output.write(early.slice(10));
    await toGuard.until(early.length);
    session.relay.handled('server', early.length);
    const answer = line({ id: 1, result: { text: 'x' } });
    const asks = line({ id: 1, method: 'roots/list' });
    const hidden = answer.replace('result', '\\u0072esult');
    await turn();
    session.server.output.write(answer);
    assert.equal(String(await toClient.until(answer.length)), answer);
    for (const text of [asks, hidden, 'no json\n', '\n']) {
      const before = toGuard.size;
      session.server.output.write(text);
      await toGuard.until(before + text.length);
      session.relay.handled('server', text.length);
      await turn();
    }
    session.relay.watch(true);
    await turn();
    session.server.output.write(answer);
    const all = [early, asks, hidden, 'no json\n\n', answer].join('');
    assert.equal(String(await toGuard.until(all.length)), all);
    assert.equal(toClient.size, answer.length);
  });

  it('keeps the order of what passes and what is decided', async (t) => {
    const session = new RelayedSession(t);
    const { relay } = session;
    const random = generator(3);
    const toServer = new Gathered(session.server.input);
    const toClient = new Gathered(session.client.output);
    let decided = 0;
    const slowly = (side: 'client' | 'server', to: NodeJS.WritableStream) =>
      new Direction(
        side === 'client' ? relay.client.input : relay.server.output,
        LIMIT,
        (part) => {
          decided += 1;
          if (random(3) !== 0) {
            to.write(part.bytes);
            return null;
          }
          return turn().then(() => void to.write(part.bytes));
        },
        (bytes) => {
          relay.renew();
          relay.handled(side, bytes);
        },
      );
    slowly('client', relay.server.input);
    slowly('server', relay.client.output);
    relay.open(['echo']);
    const long = (bytes: number) => ({ text: 'x'.repeat(bytes) });
    const calls = Array.from({ length: 4_000 }, (_, id) =>
      random(40) === 0
        ? call(id, 'other', long(random(300) === 0 ? 700_000 : 5))
        : call(id, 'echo', long(random(random(50) === 0 ? 90_000 : 200))),
    ).join('');
    const answers = Array.from({ length: 4_000 }, (_, id) =>
      random(40) === 0
        ? line({ method: 'notifications/progress', params: { id } })
        : line({ id, result: long(random(100) === 0 ? 500_000 : 100) }),
    ).join('');
    await Promise.all([
      writeCut(session.client.input, calls, random),
      writeCut(session.server.output, answers, random),
    ]);
    assert.equal(String(await toServer.until(calls.length)), calls);
    assert.equal(String(await toClient.until(answers.length)), answers);
    assert.ok(decided > 200, String(decided));
    assert.ok(session.passed.length > 0);
  });

  it('puts lines of the guard between messages, never into a long one', async (t) => {
    const session = new RelayedSession(t);
    const toClient = new Gathered(session.client.output);
    const long = line({ id: 1, result: 'x'.repeat(3_000_000) });
    const own = line({ id: 2, error: {} });
    session.server.output.write(long.slice(0, 1_000_000));
    await toClient.until(900_000);
    session.relay.client.output.write(own);
    await turn();
    session.server.output.write(long.slice(1_000_000));
    assert.equal(String(await toClient.until(long.length + own.length)), long + own);
  });

  it('holds back who writes faster than the other side reads, in little memory', async (t) => {
    const session = new RelayedSession(t);
    session.relay.open(['echo']);
    const keep = setInterval(() => session.relay.renew(), 10);
    t.after(() => clearInterval(keep));
    const text = call(1, 'echo', { text: 'x'.repeat(1_000) }).repeat(30_000);
    session.client.input.write(text);
    session.server.output.write(line({ id: 1, result: 'x'.repeat(30_000_000) }));
    // Nobody reads: nothing moves any more at some point.
    await sleep(500);
    assert.ok(session.client.input.writableLength > 0 && session.server.output.writableLength > 0);
    assert.ok(session.memory < 16 * 1024, `${session.memory} KiB`);
    const toServer = new Gathered(session.server.input);
    const toGuard = new Gathered(session.relay.client.input, (chunk) => {
      session.relay.server.input.write(chunk);
      session.relay.handled('client', chunk.length);
    });
    const toClient = new Gathered(session.client.output);
    await toServer.until(text.length);
    await toClient.until(30_000_000);
    assert.ok(toServer.bytes.equals(Buffer.from(text)));
    assert.ok(toGuard.size < text.length);
    assert.ok(session.memory < 16 * 1024, `${session.memory} KiB`);
  });

  it('holds the client back while the guard decides', async (t) => {
    const session = new RelayedSession(t);
    const text = call(1, 'other', { text: 'x'.repeat(1_000) }).repeat(20_000);
    session.client.input.write(text);
    await sleep(300);
    assert.ok(session.client.input.writableLength > 0);
    assert.ok(session.memory < 16 * 1024, `${session.memory} KiB`);
    const toGuard = new Gathered(session.relay.client.input);
    assert.ok((await toGuard.until(text.length)).equals(Buffer.from(text)));
  });

  it('passes no call once it is closed, nor while the guard has not been heard', async (t) => {
    const session = new RelayedSession(t);
    const toServer = new Gathered(session.server.input);
    const toGuard = new Gathered(session.relay.client.input, (chunk) =>
      session.relay.handled('client', chunk.length),
    );
    const text = call(1);
    for (let round = 1; round <= 100; round += 1) {
      session.relay.open(['echo']);
      await turn();
      session.client.input.write(text);
      await toServer.until(round * text.length);
      session.relay.close();
      await turn();
      session.client.input.write(text);
      await toGuard.until(round * text.length);
      assert.equal(toServer.size, round * text.length);
    }
    session.relay.open(['echo']);
    await sleep(LEASE_PASSED_MS);
    session.client.input.write(text);
    await toGuard.until(101 * text.length);
    session.relay.renew();
    await turn();
    session.client.input.write(text);
    await toServer.until(101 * text.length);
  });

  it('passes no call while the guard has a message of either side', async (t) => {
    const session = new RelayedSession(t);
    const toGuard = new Gathered(session.relay.server.output);
    const calls = new Gathered(session.relay.client.input);
    const changed = line({ method: 'notifications/tools/list_changed' });
    session.relay.open(['echo']);
    session.server.output.write(changed);
    await toGuard.until(changed.length);
    session.client.input.write(call(1));
    assert.equal(String(await calls.until(call(1).length)), call(1));
  });

  it('tells of a long answer that turns out to ask for something, and gives the guard a long request', async (t) => {
    const session = new RelayedSession(t);
    const toClient = new Gathered(session.client.output);
    const toGuard = new Gathered(session.relay.server.output);
    const text = 'x'.repeat(1_000_000);
    const late = line({ id: 1, result: text, method: 'roots/list' });
    session.server.output.write(late);
    assert.equal(String(await toClient.until(late.length)), late);
    await session.broken;
    const asks = line({ id: 1, method: 'sampling/createMessage', params: { text } });
    session.server.output.write(asks);
    assert.equal(String(await toGuard.until(asks.length)), asks);
    assert.equal(toClient.size, late.length);
  });
});

describe('the end of the relay', { skip, timeout: 180_000 }, () => {
  it('comes after the last of both sides, which may lack its newline', async (t) => {
    const session = new RelayedSession(t);
    const calls = new Gathered(session.relay.client.input);
    const lines = new Gathered(session.relay.server.output);
    const ends = Promise.all(
      [session.relay.client.input, session.relay.server.output].map(
        (stream) => new Promise((resolve) => stream.once('end', resolve)),
      ),
    );
    const inputEnds = new Promise((resolve) => session.server.input.once('end', resolve));
    session.client.input.end('the last call');
    session.server.output.end('the last answer');
    await ends;
    assert.deepEqual([String(calls.bytes), String(lines.bytes)], ['the last call', 'the last answer']);
    const toServer = new Gathered(session.server.input);
    const toClient = new Gathered(session.client.output);
    session.relay.server.input.end('the last call');
    await inputEnds;
    assert.equal(String(toServer.bytes), 'the last call');
    session.relay.client.output.write('the last answer');
    await session.relay.finish();
    assert.equal(await session.ended(), 0);
    assert.equal(String(await toClient.until(15)), 'the last answer');
  });

  it('tells before it of every call that was passed', async (t) => {
    const session = new RelayedSession(t);
    const toServer = new Gathered(session.server.input);
    session.relay.open(['echo']);
    const text = call(1).repeat(50);
    session.client.input.write(text);
    await toServer.until(text.length);
    await session.relay.finish();
    assert.equal(String(Buffer.concat(session.passed)), text);
  });

  it('comes with that of the guard, and ends both sides', async (t) => {
    const session = new RelayedSession(t);
    const ends = Promise.all(
      [session.server.input, session.client.output].map(
        (stream) => new Promise((resolve) => stream.resume().once('close', resolve)),
      ),
    );
    session.control.destroy();
    assert.equal(await session.ended(), 4);
    await ends;
  });

  it('ends a session of the guard', async (t) => {
    const session = new RelayedSession(t);
    const ends = [session.relay.client.input, session.relay.server.output].map(
      (stream) => new Promise((resolve) => stream.resume().once('end', resolve)),
    );
    session.child.kill('SIGKILL');
    await Promise.all(ends);
    await session.relay.finish();
  });

  for (const [what, bytes] of [
    ['is longer than any', Buffer.from([0, 0, 16, 0, 0x53])],
    ['has no kind that is known', Buffer.from([0, 0, 0, 0, 0x3f])],
    [
      'acknowledges what was not sent',
      Buffer.concat([Buffer.from([20, 0, 0, 0, 0x61]), Buffer.alloc(20, 1)]),
    ],
    ['starts once more', Buffer.concat([Buffer.from([0, 0, 0, 0]), Buffer.from(ORDER.start)])],
    ['opens names that are cut', Buffer.from([6, 0, 0, 0, 0x6f, 9, 0, 0, 0, 9, 0])],
    ['closes with something more', Buffer.from([1, 0, 0, 0, 0x78, 0])],
  ] as const)
    it(`comes at once where a frame of the guard ${what}`, async (t) => {
      const session = new RelayedSession(t);
      session.control.write(bytes);
      assert.equal(await session.ended(), 3);
    });
});
