import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { GuardedHost, type Json, type Profile } from './guarded-host.ts';
import { sampleServer, textOf, tool } from './sample-server.ts';

const PATIENCE = { timeout: 180_000 };
const PROFILES: readonly Profile[] = ['developer', 'production'];

/** Lines that two readers may take for two different messages, or for none. */
const DOUBTFUL: readonly (readonly [string, string])[] = [
  ['not_json', '{"jsonrpc":"2.0","id":9,"method":"tools/call"'],
  ['not_a_message', '{"jsonrpc":"2.0","id":9,"method":"ping","result":{}}'],
  ['batch', '[{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"pid"}}]'],
  ['duplicate_key', '{"jsonrpc":"2.0","id":9,"method":"ping","method":"tools/call","params":{"name":"pid"}}'],
  [
    'duplicate_key',
    '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"echo","\\u006eame":"pid"}}',
  ],
  ['key_by_case', '{"jsonrpc":"2.0","id":9,"Method":"tools/call","method":"ping","params":{"name":"pid"}}'],
  [
    'line_break',
    '{"jsonrpc":"2.0","id":9,"method":"ping","params":{"x":\r{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"pid"}}\r}}',
  ],
];

async function running(context: TestContext, profile: Profile) {
  const host = new GuardedHost(context, profile);
  const entry = sampleServer(host, [['echo', 'pid', 'raw', 'big'].map((name) => tool(name))]);
  host.configure({ one: entry });
  await host.approve('one');
  const wire = host.start(entry);
  await wire.open();
  return { host, wire };
}

for (const profile of PROFILES)
  describe(`frames in ${profile}`, PATIENCE, () => {
    test('that two readers may take for different messages are refused in production, and always recorded', async (t) => {
      const { host, wire } = await running(t, profile);
      for (const [fault, line] of DOUBTFUL) {
        const before = wire.messages.length;
        wire.write(`${line}\n`);
        const answer = await wire.until(
          fault,
          (message) => wire.messages.indexOf(message) >= before || isAfter(wire, message, before),
        );
        if (profile === 'production')
          assert.match(String((answer['error'] as Json)?.['message']), /^Sealwatch refused/);
        assert.ok('result' in (await wire.call('echo')), `after ${fault}`);
      }
      await wire.leave();
      const faults = host
        .records()
        .flatMap((record) => (record.kind === 'frame' ? [[record.fault, record.passed]] : []));
      assert.deepEqual(
        faults,
        DOUBTFUL.map(([fault]) => [fault, profile === 'developer']),
      );
    });

    test('of the server that are no messages are passed as they came', async (t) => {
      const { host, wire } = await running(t, profile);
      const log = 'a line of a log that somebody printed\n';
      await wire.call('raw', { line: log }).catch(() => {});
      const { stdout } = await wire.leave();
      assert.ok(stdout.includes(log));
      assert.ok(host.records().some((record) => record.kind === 'frame' && record.fault === 'not_json'));
    });

    test('of the server that hide a message behind a carriage return are kept from the client in production', async (t) => {
      const { host, wire } = await running(t, profile);
      const line = '{"jsonrpc":"2.0","id":"x","result":{"x":\r{"jsonrpc":"2.0","id":"y","result":{}}\r}}\n';
      await wire.call('raw', { line });
      await wire.call('echo');
      const { stdout } = await wire.leave();
      assert.equal(stdout.includes('"id":"y"'), profile === 'developer');
      const faults = host.records().flatMap((record) => (record.kind === 'frame' ? [record.fault] : []));
      assert.deepEqual(faults, ['line_break']);
    });

    test('of 20 MB of the server come whole', async (t) => {
      const { wire } = await running(t, profile);
      const bytes = 20 * 1024 * 1024;
      assert.equal(textOf(await wire.call('big', { bytes })).length, bytes);
    });

    test('of 17 MB of the client are refused in production and passed in developer', async (t) => {
      const { wire } = await running(t, profile);
      const text = 'x'.repeat(17 * 1024 * 1024);
      wire.send({ id: 'long', method: 'tools/call', params: { name: 'echo', arguments: { text } } });
      const answer = await wire.until('an answer', ({ id, error }) => id === 'long' || error !== undefined);
      assert.equal('error' in answer, profile === 'production');
      assert.equal(textOf(await wire.call('echo')), 'echo {}');
    });

    test('come byte for byte, whatever stands between their tokens', async (t) => {
      const { wire } = await running(t, profile);
      const spaced =
        ' {"jsonrpc" : "2.0", "id": 1e0, "method":"\\u0070ing" , "big": 12345678901234567890 } \r\n';
      wire.write(spaced);
      await wire.until('the answer', ({ id }) => id === 1 && wire.messages.length > 1);
      const odd =
        '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":12345678901234567890.10}}\n';
      await wire.call('raw', { line: odd });
      assert.ok(Buffer.concat(wire.chunks).includes(odd));
    });
  });

function isAfter(wire: { readonly messages: readonly Json[] }, message: Json, before: number): boolean {
  return wire.messages.slice(before).some((other) => JSON.stringify(other) === JSON.stringify(message));
}
