import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { CollectorError } from '../../../../collectors/errors.ts';
import { SensorDecoder, type SensorMessage } from '../../../../collectors/process/ebpf/decode.ts';
import { exitCodeOf, ticksOf } from '../../../../collectors/process/ebpf/exec-record.ts';
import {
  LAYOUT,
  MAX_RECORD_BYTES,
  SENSOR_EXEC_FLAG,
  SENSOR_TYPE,
  SENSOR_VERSION,
} from '../../../../collectors/process/ebpf/layout.ts';

const golden = new URL('golden/', import.meta.url);
const recording = (version: number) =>
  Buffer.from(readFileSync(new URL(`version-${version}.hex`, golden), 'utf8').replaceAll('\n', ''), 'hex');
const recorded = recording(SENSOR_VERSION);

function decode(...chunks: readonly Buffer[]): SensorMessage[] {
  const decoder = new SensorDecoder();
  return chunks.flatMap((chunk) => [...decoder.push(chunk)]);
}

function record(type: number, length: number, fill: (bytes: Buffer) => void = () => {}): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt16LE(SENSOR_VERSION, 4);
  bytes.writeUInt16LE(type, 6);
  fill(bytes);
  return bytes;
}

const ready = record(SENSOR_TYPE.SENSOR_READY, LAYOUT.sensor_ready.size);

function execRecord(tail: readonly Buffer[], flags = 0): Buffer {
  const { size, fields } = LAYOUT.sensor_exec;
  const bytes = Buffer.concat(tail);
  return record(SENSOR_TYPE.SENSOR_EXEC, size + bytes.length, (into) => {
    into.writeUInt32LE(flags, fields.flags);
    const lengths = [fields.filename_bytes, fields.exe_bytes, fields.cwd_bytes, fields.argv_bytes];
    for (const [i, at] of lengths.entries()) into.writeUInt32LE(tail[i]?.length ?? 0, at);
    bytes.copy(into, size);
  });
}

const components = (path: string): Buffer =>
  Buffer.from(
    path
      .split('/')
      .filter((name) => name !== '')
      .reverse()
      .map((name) => `${name}\0`)
      .join(''),
  );

function decodeExec(tail: readonly Buffer[], flags = 0) {
  const [, event] = decode(ready, execRecord(tail, flags));
  assert.ok(event?.kind === 'process_exec');
  return event;
}

function refuses(...chunks: readonly Buffer[]): void {
  assert.throws(
    () => decode(...chunks),
    (error) => error instanceof CollectorError && error.code === 'COLLECTOR_SENSOR_PROTOCOL',
  );
}

test('what a real sensor wrote becomes the events of the golden file', () => {
  const file = new URL(`version-${SENSOR_VERSION}.jsonl`, golden);
  const text = decode(recorded)
    .map((message) => `${JSON.stringify(message)}\n`)
    .join('');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
});

test('what a sensor of an earlier version wrote is refused', () => {
  for (let version = 1; version < SENSOR_VERSION; version += 1) refuses(recording(version));
});

test('however the pipe cuts the bytes, the events are the same', () => {
  const whole = decode(recorded);
  fc.assert(
    fc.property(fc.array(fc.nat(recorded.length), { maxLength: 40 }), (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), recorded.length];
      const chunks = edges.slice(1).map((end, i) => recorded.subarray(edges[i], end));
      assert.deepEqual(decode(...chunks), whole);
    }),
  );
  assert.deepEqual(decode(...Array.from(recorded, (byte) => Buffer.of(byte))), whole);
});

test('arguments and paths come out as they went in', () => {
  const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((s) => !/[\0/]/.test(s));
  const argument = fc.string({ unit: 'binary', maxLength: 20 }).filter((s) => !s.includes('\0'));
  fc.assert(
    fc.property(fc.array(word), fc.array(argument, { minLength: 1 }), (names, argv) => {
      const path = `/${names.join('/')}`;
      const event = decodeExec([
        Buffer.from('x'),
        components(path),
        components(path),
        Buffer.from(argv.map((arg) => `${arg}\0`).join('')),
      ]);
      assert.deepEqual([event.exe, event.cwd, event.argv, event.truncated], [path, path, argv, false]);
    }),
  );
});

test('bytes of any kind are decoded or refused, nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, at) => {
      const damaged = Buffer.from(recorded);
      damaged.set(bytes, Math.min(at, damaged.length - bytes.length));
      try {
        decode(damaged);
      } catch (error) {
        assert.ok(error instanceof CollectorError);
      }
    }),
  );
});

test('bad records are refused', () => {
  refuses(record(SENSOR_TYPE.SENSOR_EXIT, LAYOUT.sensor_exit.size));
  refuses(record(SENSOR_TYPE.SENSOR_READY, LAYOUT.sensor_ready.size + 8));
  refuses(ready, record(99, 8));
  refuses(ready, record(SENSOR_TYPE.SENSOR_EXEC, 8));
  refuses(
    ready,
    record(SENSOR_TYPE.SENSOR_FORK, LAYOUT.sensor_fork.size, (bytes) =>
      bytes.writeUInt16LE(SENSOR_VERSION - 1, 4),
    ),
  );
  refuses(ready, record(SENSOR_TYPE.SENSOR_EXEC, LAYOUT.sensor_exec.size + 1));
  for (const length of [0, 7, MAX_RECORD_BYTES + 1]) {
    refuses(record(SENSOR_TYPE.SENSOR_READY, 8, (bytes) => bytes.writeUInt32LE(length, 0)));
  }
});

test('a path that had to be cut falls back to the one that execve was given', () => {
  const tail = ['../bin/tool', 'deep\0', 'work\0', 'tool\0'].map((text) => Buffer.from(text));
  const cut = decodeExec(tail, SENSOR_EXEC_FLAG.SENSOR_EXE_CUT);
  assert.deepEqual([cut.exe, cut.cwd, cut.truncated], ['/bin/tool', '/work', true]);
  const lost = decodeExec(tail, SENSOR_EXEC_FLAG.SENSOR_EXE_CUT | SENSOR_EXEC_FLAG.SENSOR_CWD_CUT);
  assert.deepEqual([lost.exe, lost.cwd], ['../bin/tool', null]);
});

test('arguments that are empty, cut inside or no UTF-8 are kept', () => {
  const argv = (bytes: Buffer) => decodeExec([Buffer.from('x'), Buffer.of(), Buffer.of(), bytes]).argv;
  assert.deepEqual(argv(Buffer.from('a\0\0\0')), ['a', '', '']);
  assert.deepEqual(argv(Buffer.from('a\0bc')), ['a', 'bc']);
  assert.deepEqual(argv(Buffer.of(0xff, 0)), ['\u{fffd}']);
  assert.deepEqual(argv(Buffer.of()), []);
});

test('starts are whole ticks, and exact after years of uptime', () => {
  assert.equal(ticksOf(19_999_999n), 1);
  assert.equal(ticksOf(20_000_000n), 2);
  assert.equal(ticksOf(315_360_000_123_456_789n), 31_536_000_012);
});

test('a wait status becomes an exit code as shells show it', () => {
  assert.deepEqual([0, 0x300, 9, 0x8b].map(exitCodeOf), [0, 3, 137, 139]);
});
