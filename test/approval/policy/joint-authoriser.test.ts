import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JointAuthoriser } from '../../../approval/policy/joint-authoriser.ts';
import type { Policy } from '../../../approval/policy/policy.ts';
import { AT, authoriser, outcome } from './subject.ts';

async function joint(fleet: Partial<Policy>, own: Partial<Policy> | null): Promise<JointAuthoriser> {
  return new JointAuthoriser(await authoriser(fleet), own === null ? null : await authoriser(own));
}

const call = (tool: string) => ({ tool, digest: null, arguments: {} });

test('neither policy loosens what the other forbids, whatever is asked', async () => {
  const tight: Partial<Policy> = {
    tools: [],
    executables: [],
    destinations: [],
    writable_paths: [],
    prompts: [],
    resources: [],
    client_features: [],
  };
  const loose: Partial<Policy> = { shells: true };
  const ask = (one: JointAuthoriser) =>
    [
      one.call(call('x'), AT),
      one.tool('x', null),
      one.program('/usr/bin/git', { shell: false }, AT),
      one.program('/bin/sh', { shell: true }, AT),
      one.connection({ names: ['a.example'], address: '192.0.2.1', port: 443 }, AT),
      one.write('/tmp/x', AT),
      one.prompt('x', AT),
      one.resource('file:///x', AT),
      one.clientFeature('roots', AT),
    ].map(outcome);
  const refused = ask(await joint(tight, loose));
  assert.ok(!refused.includes('allow'), refused.join());
  assert.deepEqual(ask(await joint(loose, tight)), refused);
  assert.deepEqual(ask(await joint(tight, null)), refused);
  assert.deepEqual(new Set(ask(await joint(loose, loose))), new Set(['allow']), 'the near miss');
});

test('a denial of the fleet says that it is one, and that of an approval does not', async () => {
  const one = await joint({ tools: [{ name: 'a', digest: null }] }, { tools: [{ name: 'b', digest: null }] });
  const fleets = one.call(call('b'), AT);
  assert.ok(fleets.decision === 'deny' && fleets.fleet === true);
  assert.match(fleets.reason, /^the policy of the fleet: /);
  const own = one.call(call('a'), AT);
  assert.ok(own.decision === 'deny' && own.fleet === undefined);
});

test('a call that one policy denies counts towards the rate of neither', async () => {
  const rate = [{ calls: 1, seconds: 60, tools: null }];
  const one = await joint({ rate }, { rate, tools: [{ name: 'a', digest: null }] });
  assert.equal(outcome(one.call(call('b'), AT)), 'DENIED_TOOL_NOT_LISTED');
  assert.equal(outcome(one.call(call('a'), AT)), 'allow');
  assert.equal(outcome(one.call(call('a'), AT)), 'DENIED_RATE');
});

test('a tool is free, listed or asked about by both policies together', async () => {
  const free = await joint({}, {});
  assert.deepEqual(
    [free.decidesByName('a', null), free.listsTools, free.asksAbout('a')],
    [true, false, false],
  );
  const asked = await joint({ ask: ['a'] }, {});
  assert.deepEqual([asked.decidesByName('a', null), asked.asksAbout('a')], [false, true]);
  assert.equal((await joint({}, { tools: [] })).listsTools, true);
});

test('the kernel is told what both lists have in common, and the one list where there is one', async () => {
  const lists = async (fleet: Partial<Policy>, own: Partial<Policy>) => (await joint(fleet, own)).execLists;
  assert.deepEqual(await lists({ executables: ['/a', '/b'], shells: true }, { executables: ['/b', '/c'] }), {
    shells: false,
    programs: ['/b'],
  });
  assert.deepEqual(await lists({ shells: true }, { executables: ['/c'], shells: true }), {
    shells: true,
    programs: ['/c'],
  });
  assert.deepEqual(await lists({}, {}), { shells: false, programs: null });
});
