import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuardedHost, type Json, refusalIn, type Wire } from './guarded-host.ts';
import { changeScript, restoreScript, sampleServer, setTools, textOf, tool } from './sample-server.ts';

const PATIENCE = { timeout: 120_000 };
/** Milliseconds within which a change is to be seen. */
const SEEN_MS = 100;
const FLIPS = 5;
/** Milliseconds until the approval of a test ends. */
const LIFE_MS = 3_000;

async function running(context: TestContext, profile: 'developer' | 'production', ...options: string[]) {
  const host = new GuardedHost(context, profile);
  const entry = sampleServer(host, [[tool('echo'), tool('pid')]]);
  host.configure({ one: entry });
  await host.approve('one', ...options);
  const wire = host.start(entry);
  await wire.open();
  return { host, entry, wire };
}

/** Calls until it is allowed. */
async function allowedAgain(wire: Wire): Promise<string> {
  for (let tried = 0; tried < 100; tried += 1) {
    const answer = await wire.call('echo', { again: true });
    if (!('error' in answer)) return textOf(answer);
    await sleep(50);
  }
  throw new Error(`still refused: ${wire.errors}`);
}

/** Calls until one is refused; answers after how many milliseconds the call came that was. */
async function refusedAfter(wire: Wire): Promise<number> {
  const changed = performance.now();
  for (let tried = 0; tried < 100; tried += 1) {
    await sleep(tried === 0 ? SEEN_MS : 50);
    const called = performance.now();
    if ('error' in (await wire.call('echo'))) return called - changed;
  }
  throw new Error('never refused');
}

for (const profile of ['developer', 'production'] as const)
  describe(`a session in ${profile}`, PATIENCE, () => {
    test('is refused calls once the script has changed, and allowed them again once that is approved', async (t) => {
      const { host, wire } = await running(t, profile);
      assert.equal(textOf(await wire.call('echo', { a: 1 })), 'echo {"a":1}');
      const pid = textOf(await wire.call('pid'));
      const script = changeScript(host, 'changed');
      await sleep(SEEN_MS);
      const answer = await wire.call('echo', { a: 2 });
      const error = answer['error'] as Json;
      const data = refusalIn(answer);
      assert.equal(error['code'], -32_050);
      assert.equal(data['code'], 'APPROVAL_CLOSURE_CHANGED');
      assert.deepEqual(data['changes'], [{ change: 'changed', role: 'script', path: script }]);
      assert.equal(data['approve'], 'sealwatch approve cursor/one');
      assert.match(String(error['message']), /server\.js.*sealwatch approve cursor\/one/s);
      const prompt = await wire.ask('prompts/get', { name: 'p' });
      assert.equal(refusalIn(prompt)['code'], 'APPROVAL_CLOSURE_CHANGED', 'not calls alone');
      assert.ok('result' in (await wire.ask('ping')), 'who looks whether it lives gets an answer');
      await host.approve('one');
      assert.equal(await allowedAgain(wire), 'echo {"again":true}');
      assert.equal(textOf(await wire.call('pid')), pid, 'without a restart');
    });

    test(`sees each of ${FLIPS} changes, and that they are undone`, async (t) => {
      const { host, wire } = await running(t, profile);
      for (let flip = 0; flip < FLIPS; flip += 1) {
        changeScript(host, `flip ${flip}`);
        t.diagnostic(`refused ${Math.round(await refusedAfter(wire))} ms after change ${flip}`);
        restoreScript(host);
        assert.equal(await allowedAgain(wire), 'echo {"again":true}', `undone ${flip}`);
      }
    });

    test('is refused calls once the approval is revoked', async (t) => {
      const { host, wire } = await running(t, profile);
      await host.host.sealwatch('revoke', 'cursor/one', '--home', host.host.home, '--yes');
      await sleep(SEEN_MS);
      assert.equal(refusalIn(await wire.call('echo'))['code'], 'APPROVAL_REVOKED');
    });

    test('is refused calls once the approval has ended', async (t) => {
      const { host, wire } = await running(t, profile);
      await host.approveFor('one', LIFE_MS);
      assert.equal(await allowedAgain(wire), 'echo {"again":true}');
      await sleep(LIFE_MS);
      assert.equal(refusalIn(await wire.call('echo'))['code'], 'APPROVAL_EXPIRED');
    });

    test('is held to a policy from the moment at which it is approved', async (t) => {
      const { host, wire } = await running(t, profile);
      assert.ok('result' in (await wire.call('echo', { path: '/etc/passwd' })));
      const policy = host.host.write(
        'policy.yml',
        'arguments:\n  - { tool: echo, path: /path, below: /srv, optional: true }\n',
      );
      await host.approve('one', '--policy', policy);
      await sleep(SEEN_MS);
      assert.equal(refusalIn(await wire.call('echo', { path: '/etc/passwd' }))['code'], 'DENIED_ARGUMENT');
      assert.ok('result' in (await wire.call('echo', { path: '/srv/x' })));
    });
  });

test(
  'tools that come after the first session are kept from the client in production, and shown in developer',
  PATIENCE,
  async (t) => {
    for (const profile of ['production', 'developer'] as const) {
      const host = new GuardedHost(t, profile);
      const entry = sampleServer(host, [[tool('echo')], [tool('pid')]]);
      host.configure({ one: entry });
      await host.approve('one');
      const first = host.start(entry);
      await first.open();
      assert.ok('result' in (await first.call('echo')), 'without a list that the client asked for');
      await first.ask('tools/list');
      await first.ask('tools/list', { cursor: '1' });
      await first.leave();

      setTools(host, [[tool('echo', 'now another'), tool('pid'), tool('env')]]);
      const second = host.start(entry);
      await second.open();
      const listed = (await second.ask('tools/list'))['result'] as { tools: readonly { name: string }[] };
      const names = listed.tools.map(({ name }) => name);
      const called = await second.call('echo');
      const added = await second.call('env');
      if (profile === 'developer') {
        assert.deepEqual(names, ['echo', 'pid', 'env']);
        assert.ok('result' in called && 'result' in added);
      } else {
        assert.deepEqual(names, ['pid']);
        assert.equal(refusalIn(called)['code'], 'GUARD_TOOL_CHANGED');
        assert.equal(refusalIn(called)['approve'], 'sealwatch approve cursor/one');
        assert.equal(refusalIn(added)['code'], 'GUARD_TOOL_NOT_LISTED');
      }
      assert.ok('result' in (await second.call('pid')));
      await second.leave();
      const changes = host
        .records()
        .filter((record) => record.kind === 'tool' && record.change !== 'tool_listed');
      assert.deepEqual(
        changes.map((record) => record.kind === 'tool' && [record.change, record.tool, record.hidden]).sort(),
        [
          ['tool_added', 'env', profile === 'production'],
          ['tool_changed', 'echo', profile === 'production'],
        ],
      );
    }
  },
);
