import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { until } from '../e2e/host.ts';
import { GuardedHost, type Json, refusalIn, type Wire } from './guarded-host.ts';
import { changeScript, sampleServer, textOf, tool } from './sample-server.ts';

const PATIENCE = { timeout: 180_000 };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a launch', PATIENCE, () => {
  test('of what nobody approved is refused in production, and the client is told why', async (t) => {
    const host = new GuardedHost(t, 'production');
    const mark = host.host.at('mark');
    const script = host.host.write('srv/evil.js', `require('fs').writeFileSync('${mark}', 'ran');\n`);
    const entry = { command: process.execPath, args: [script] };
    host.configure({ one: entry });
    const wire = host.start(entry, '--client', 'cursor', '--name', 'one');
    const answer = await wire.ask('initialize', { protocolVersion: '2025-11-25' });
    const data = refusalIn(answer);
    assert.equal((answer['error'] as Json)['code'], -32_050);
    assert.equal(data['approve'], 'sealwatch approve cursor/one');
    const { code, stderr } = await wire.ended;
    assert.equal(code, 1);
    assert.match(stderr, /cursor\/one was not started: .*\n.*to allow it: sealwatch approve cursor\/one/);
    assert.equal(existsSync(mark), false);
    assert.deepEqual(
      host.records().map((record) => record.kind === 'launch' && [record.outcome, record.pid]),
      [['refused', null]],
    );
  });

  test('of what nobody approved is started and reported in developer', async (t) => {
    const host = new GuardedHost(t);
    const entry = sampleServer(host);
    host.configure({ one: entry });
    const wire = host.start(entry);
    await wire.open();
    const pid = Number(textOf(await wire.call('pid')));
    await wire.leave();
    const [first] = host.records();
    assert.ok(first?.kind === 'launch');
    assert.deepEqual([first.outcome, first.pid, first.server?.state], ['started', pid, 'pending']);
  });

  test('of what no config asks for is refused in production only', async (t) => {
    for (const profile of ['production', 'developer'] as const) {
      const host = new GuardedHost(t, profile);
      const entry = sampleServer(host);
      host.configure({});
      const wire = host.start(entry);
      const answer = await wire.open();
      if (profile === 'developer') assert.ok('result' in answer);
      else assert.equal(refusalIn(answer)['code'], 'GUARD_SERVER_UNKNOWN');
      await wire.leave();
    }
  });

  test('of another command than the entry asks for is refused in every profile', async (t) => {
    for (const profile of ['production', 'developer'] as const) {
      const host = new GuardedHost(t, profile);
      const entry = sampleServer(host);
      host.configure({ one: entry });
      await host.approve('one');
      const other = { ...entry, args: [...entry.args, '--more'] };
      const wire = host.start(other, '--client', 'cursor', '--name', 'one');
      assert.equal(refusalIn(await wire.open())['code'], 'GUARD_COMMAND_MISMATCH');
    }
  });

  test('of what was approved and has changed is refused in every profile', async (t) => {
    for (const profile of ['production', 'developer'] as const) {
      const host = new GuardedHost(t, profile);
      const entry = sampleServer(host);
      host.configure({ one: entry });
      await host.approve('one');
      const script = changeScript(host, 'changed');
      const data = refusalIn(await host.start(entry).open());
      assert.equal(data['code'], 'APPROVAL_CLOSURE_CHANGED');
      assert.deepEqual(data['changes'], [{ change: 'changed', role: 'script', path: script }]);
    }
  });

  test('of what is not there says so', async (t) => {
    const host = new GuardedHost(t);
    const entry = { command: 'no-such-program-here', args: [] };
    host.configure({ one: entry });
    const wire = host.start(entry);
    assert.equal(refusalIn(await wire.open())['code'], 'GUARD_COMMAND_NOT_FOUND');
    assert.equal((await wire.ended).code, 1);
  });
});

describe('a server behind the guard', PATIENCE, () => {
  const started = async (host: GuardedHost) => {
    const entry = sampleServer(host, [
      [tool('exit'), tool('signal'), tool('stderr'), tool('spawn'), tool('pid')],
    ]);
    host.configure({ one: entry });
    await host.approve('one');
    const wire = host.start(entry);
    await wire.open();
    return wire;
  };

  test('ends the guard with its own exit status', async (t) => {
    for (const status of [0, 1, 42]) {
      const wire = await started(new GuardedHost(t));
      wire.send({ id: 'x', method: 'tools/call', params: { name: 'exit', arguments: { status } } });
      assert.deepEqual([(await wire.ended).code, (await wire.ended).signal], [status, null]);
    }
  });

  test('ends the guard by the signal that ended it', async (t) => {
    for (const name of ['SIGTERM', 'SIGKILL', 'SIGSEGV']) {
      const wire = await started(new GuardedHost(t));
      wire.send({ id: 'x', method: 'tools/call', params: { name: 'signal', arguments: { name } } });
      assert.equal((await wire.ended).signal, name);
    }
  });

  test('gets the signals that the guard gets', async (t) => {
    const wire = await started(new GuardedHost(t));
    wire.child.kill('SIGTERM');
    assert.equal((await wire.ended).signal, 'SIGTERM');
  });

  test('says what it says on stderr', async (t) => {
    const wire = await started(new GuardedHost(t));
    await wire.call('stderr', { line: 'a line of the server' });
    assert.match((await wire.leave()).stderr, /^a line of the server$/m);
  });

  for (const [how, leave] of [
    ['once the client leaves', (wire: Wire) => wire.leave()],
    ['once the guard is killed', (wire: Wire) => wire.killed()],
  ] as const)
    test(`is ended ${how}, with all that it started`, async (t) => {
      for (const profile of ['developer', 'production'] as const) {
        const host = new GuardedHost(t, profile);
        const wire = await started(host);
        const pid = Number(textOf(await wire.call('pid')));
        const file = host.host.at('child.pid');
        await wire.call('spawn', {
          command: `setsid sh -c 'echo $$ > ${file}.new; mv ${file}.new ${file}; exec sleep 1000' &`,
        });
        await until('its child', () => existsSync(file));
        const child = Number(readFileSync(file, 'utf8'));
        assert.ok(isAlive(pid) && isAlive(child));
        await leave(wire);
        await until('the end of the server', () => !isAlive(pid));
        await until('the end of its child', () => !isAlive(child));
      }
    });
});
