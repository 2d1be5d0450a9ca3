import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { listRecords, numberRecord, plainRecord } from '../../../guard/launch/launcher-records.ts';
import { launcher, skip } from './launches.ts';

const COMMIT = listRecords(null, () => null);
const EPROTO = 71;

function record(type: number, body: Buffer, length = body.length + 8): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(length, 0);
  header.writeUInt32LE(type, 4);
  return Buffer.concat([header, body]);
}

interface Answer {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly events: readonly { readonly event: string; readonly errno?: number }[];
}

/** Sends bytes to a launcher as they are, then ends or waits for its end. */
function answerTo(bytes: Buffer, { ends = false, mode = 'strict' } = {}): Promise<Answer> {
  const child = spawn(launcher ?? '', [mode, '/bin/cat', 'cat'], {
    stdio: ['pipe', 'ignore', 'inherit', 'pipe'],
  });
  const control = child.stdio[3] as Duplex;
  let text = '';
  control.on('data', (chunk: Buffer) => {
    text += String(chunk);
  });
  control.on('error', () => {});
  control.write(bytes);
  if (ends) control.end();
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      const events = text.split('\n').filter((line) => line !== '');
      resolve({ code, signal, events: events.map((line) => JSON.parse(line)) });
    });
  });
}

const file = (path: string) => record(1, Buffer.concat([Buffer.alloc(80), Buffer.from(path)]));

describe('what the launcher makes of records', { skip, concurrency: 2 }, () => {
  const wrong: Readonly<Record<string, Buffer>> = {
    'shorter than its header': record(6, Buffer.alloc(0), 7),
    'longer than any': record(2, Buffer.alloc(0), 8193),
    'of no known type': record(99, Buffer.alloc(0)),
    'a relative path': record(2, Buffer.from('x')),
    'an empty path': record(2, Buffer.alloc(0)),
    'a path with a NUL': record(3, Buffer.from('/a\0b')),
    'a path that is too long': record(4, Buffer.from(`/${'x'.repeat(4095)}`)),
    'a file without a path': record(1, Buffer.alloc(80)),
    'half a file': record(1, Buffer.alloc(20)),
    'a list with more than nothing at its end': record(6, Buffer.alloc(1)),
    'a number of three bytes': record(9, Buffer.alloc(3)),
    'eleven minutes': record(10, Buffer.from([0xa0, 0x10, 0x0a, 0x00])),
    'signal 65': record(8, Buffer.from([65, 0, 0, 0])),
  };
  for (const [what, bytes] of Object.entries(wrong)) {
    test(`${what} ends it before the server starts`, async () => {
      const { code, events } = await answerTo(Buffer.concat([bytes, COMMIT]));
      assert.equal(code, 3);
      assert.deepEqual(
        events.map(({ event, errno }) => [event, errno]),
        [
          ['error', EPROTO],
          ['ended', undefined],
        ],
      );
    });
  }

  test('a wrong one ends a server that runs', async () => {
    const { code, events } = await answerTo(Buffer.concat([COMMIT, record(99, Buffer.alloc(0))]));
    assert.equal(code, 3);
    assert.equal(events.at(-1)?.event, 'ended');
  });

  test('the end of the guard before its list is whole starts nothing', async () => {
    const { code, events } = await answerTo(file('/usr/bin/cat').subarray(0, 40), { ends: true });
    assert.equal(code, 0);
    assert.deepEqual(events, [{ event: 'ended' }]);
  });

  test('a path of the greatest length, and orders before the start, are taken', async () => {
    const bytes = Buffer.concat([
      file(`/${'x'.repeat(4094)}`),
      plainRecord('settled'),
      numberRecord('signal', 0),
      numberRecord('grace', 0),
      COMMIT,
      numberRecord('end', 0),
    ]);
    const { code, events } = await answerTo(bytes);
    assert.equal(code, 0);
    assert.ok(events.some(({ event }) => event === 'ended'));
    assert.ok(!events.some(({ event }) => event === 'error'));
  });

  test('any bytes are an error or wait for more, and never end it by a fault of its own', async () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc
        .tuple(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 200 }))
        .map(([type, body]) => record(type, Buffer.from(body))),
      fc.string({ maxLength: 100 }).map((text) => record(2, Buffer.from(`/${text}`))),
      fc.string({ maxLength: 100 }).map((text) => file(`/${text}`)),
      fc.constant(COMMIT),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 20 }), async (parts) => {
        const { code, signal } = await answerTo(Buffer.concat(parts), { ends: true });
        assert.ok(signal === null && (code === 0 || code === 3), `${code} ${signal}`);
      }),
      { numRuns: 150 },
    );
  });
});
