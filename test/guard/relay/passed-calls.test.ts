import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { GuardedHost, type Json, refusalIn, type Wire } from '../guarded-host.ts';
import { changeScript, sampleServer, textOf, tool } from '../sample-server.ts';
import { skip } from './built-relay.ts';

/** Answers to `count` calls, one after the other. */
async function calls(wire: Wire, count: number, name = 'echo'): Promise<readonly Json[]> {
  const answers: Json[] = [];
  for (let at = 0; at < count; at += 1) answers.push(await wire.call(name, { at }));
  return answers;
}

const recorded = (guarded: GuardedHost) =>
  guarded.records().flatMap((record) => (record.kind === 'call' ? [record] : []));

/** Names of the programs that a process has started and that run. */
function programsOf(pid: number): readonly string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.map((child) => readFileSync(`/proc/${child}/comm`, 'utf8').trim());
}

describe('calls that pass without the guard', { skip, timeout: 120_000 }, () => {
  for (const profile of ['developer', 'production'] as const)
    it(`are answered and recorded one by one in ${profile}`, async (t) => {
      const guarded = new GuardedHost(t, profile);
      const entry = sampleServer(guarded);
      guarded.configure({ sample: entry });
      await guarded.approve('sample');
      const wire = guarded.start(entry);
      await wire.open();
      await wire.ask('tools/list');
      const answers = await calls(wire, 300);
      assert.deepEqual(
        answers.map(textOf),
        answers.map((_, at) => `echo {"at":${at}}`),
      );
      assert.ok(programsOf(wire.child.pid ?? 0).includes('sealwatch-relay'));
      await wire.leave();
      const records = recorded(guarded);
      assert.equal(records.length, 300);
      assert.ok(records.every(({ target, outcome }) => target === 'echo' && outcome === 'allowed'));
      assert.equal(new Set(records.map((record) => record.arguments)).size, 300);
    });

  it('end as soon as the server is not what was approved', async (t) => {
    const guarded = new GuardedHost(t, 'production');
    const entry = sampleServer(guarded);
    guarded.configure({ sample: entry });
    await guarded.approve('sample');
    const wire = guarded.start(entry);
    await wire.open();
    await wire.ask('tools/list');
    await calls(wire, 200);
    changeScript(guarded, 'changed');
    const answers = await calls(wire, 500);
    const first = answers.findIndex((answer) => 'error' in answer);
    assert.ok(first >= 0);
    const refused = answers.slice(first);
    assert.ok(refused.every((answer) => refusalIn(answer)['code'] === 'APPROVAL_CLOSURE_CHANGED'));
    await wire.leave();
    assert.equal(recorded(guarded).filter(({ outcome }) => outcome === 'allowed').length, 200 + first);
  });

  it('are none of a tool that the policy limits further', async (t) => {
    const guarded = new GuardedHost(t, 'production');
    const entry = sampleServer(guarded, [[tool('echo'), tool('big')]]);
    guarded.configure({ sample: entry });
    const policy = guarded.host.write(
      'policy.json',
      JSON.stringify({ tools: null, rate: [{ tools: ['echo'], calls: 20, seconds: 3_600 }] }),
    );
    await guarded.approve('sample', '--policy', policy);
    const wire = guarded.start(entry);
    await wire.open();
    await wire.ask('tools/list');
    await calls(wire, 50, 'big');
    const answers = await calls(wire, 30);
    assert.equal(
      answers.findIndex((answer) => 'error' in answer),
      20,
    );
  });
});
