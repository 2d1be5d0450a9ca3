import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** Calls until it is refused: when a file is heard of is not this test's matter. */
async function refusedAfterwards(wire: Wire, name: string): Promise<void> {
  for (let tried = 0; tried < 100; tried += 1) {
    if ('error' in (await wire.call(name))) return;
    await sleep(50);
  }
  throw new Error('never refused');
}

/** Signs a policy for the fleet and puts it in place, as the agent does. */
async function installFleetPolicy(host: GuardedHost, serial: number, policy: string): Promise<void> {
  const { stateDir } = host.host;
  const file = host.host.write('fleet.yml', policy);
  const { stdout } = await host.host.run(
    'bundle',
    'policy',
    file,
    '--serial',
    `${serial}`,
    '--state-dir',
    stateDir,
  );
  await host.host.sealwatch('bundle', 'install', host.host.write('fleet.json', stdout));
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

test(
  'a session is held to the policy of the fleet from when it is installed, and to another one after it',
  PATIENCE,
  async (t) => {
    const { host, wire } = await running(t, 'developer');
    assert.ok('result' in (await wire.call('pid')));
    await installFleetPolicy(host, 1, 'shells: true\ntools: [{ name: echo, digest: null }]\n');
    await refusedAfterwards(wire, 'pid');
    const data = refusalIn(await wire.call('pid'));
    assert.deepEqual([data['code'], data['approve']], ['DENIED_TOOL_NOT_LISTED', null]);
    assert.match(String(data['reason']), /^the policy of the fleet: /);
    assert.ok('result' in (await wire.call('echo')));
    await installFleetPolicy(host, 2, 'shells: true\n');
    await allowedAgain(wire);
    assert.ok('result' in (await wire.call('pid')));
    writeFileSync(join(host.host.stateDir, 'bundle', 'policy.dsse.json'), '{}');
    await refusedAfterwards(wire, 'echo');
    assert.equal(refusalIn(await wire.call('echo'))['code'], 'DENIED_FLEET_POLICY_UNUSABLE');
  },
);

test(
  'what the fleet allows an approval still forbids, and what was never approved is held to the fleet',
  PATIENCE,
  async (t) => {
    const host = new GuardedHost(t);
    const entry = sampleServer(host, [[tool('echo'), tool('pid')]]);
    host.configure({ one: entry });
    await host.approve(
      'one',
      '--policy',
      host.host.write('own.yml', 'tools: [{ name: pid, digest: null }]\n'),
    );
    await installFleetPolicy(host, 1, 'tools: [{ name: echo, digest: null }, { name: pid, digest: null }]\n');
    const wire = host.start(entry);
    await wire.open();
    const data = refusalIn(await wire.call('echo'));
    assert.deepEqual(
      [data['code'], data['approve']],
      ['DENIED_TOOL_NOT_LISTED', 'sealwatch approve cursor/one --policy FILE'],
    );
    const stranger = new GuardedHost(t);
    const other = sampleServer(stranger, [[tool('echo'), tool('pid')]]);
    stranger.configure({ one: other });
    await stranger.host.sealwatch('key', 'create');
    await installFleetPolicy(stranger, 1, 'tools: [{ name: echo, digest: null }]\n');
    const pending = stranger.start(other);
    await pending.open();
    assert.ok('result' in (await pending.call('echo')));
    assert.equal(refusalIn(await pending.call('pid'))['code'], 'DENIED_TOOL_NOT_LISTED');
  },
);
