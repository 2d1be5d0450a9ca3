import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KnownServer } from '../../../agent/enrich/known-server.ts';
import { PolicyChecks } from '../../../agent/enrich/policy-checks.ts';
import { ApprovalError, type Policy } from '../../../approval/index.ts';
import type { Profile } from '../../../wire/index.ts';
import { known } from '../samples.ts';

const OPEN: Policy = {
  tools: null,
  executables: null,
  shells: false,
  destinations: null,
  writable_paths: null,
};

function withPolicy(policy: Policy | null, serial = 1): KnownServer {
  const server = known({ approved: true });
  const { statement } = server.verdict;
  assert.ok(statement);
  const predicate = { ...statement.predicate, policy, serial };
  return { ...server, verdict: { ...server.verdict, statement: { ...statement, predicate } } };
}

async function answers(
  server: KnownServer,
  checks = new PolicyChecks({ profile: 'developer', group: null }),
) {
  await checks.follow([server]);
  const { id } = server.discovered.server;
  return ['/usr/bin/git', '/home/alice/bin/x', '/bin/bash'].map((exe) =>
    checks.program(id, { exe, argv: [exe] }),
  );
}

test('a server without a policy is held to none, another one to its own', async () => {
  assert.deepEqual(await answers(withPolicy(null)), ['none', 'none', 'none']);
  assert.deepEqual(await answers(known()), ['none', 'none', 'none']);
  assert.deepEqual(await answers(withPolicy({ ...OPEN, executables: ['~/bin/**'] })), [
    'DENIED_EXECUTABLE',
    'allowed',
    'DENIED_SHELL',
  ]);
});

test('a new approval brings its own policy', async () => {
  const checks = new PolicyChecks({ profile: 'developer', group: null });
  assert.deepEqual(await answers(withPolicy(OPEN, 1), checks), ['allowed', 'allowed', 'DENIED_SHELL']);
  assert.deepEqual(await answers(withPolicy({ ...OPEN, shells: true }, 2), checks), [
    'allowed',
    'allowed',
    'allowed',
  ]);
  await checks.follow([]);
  assert.equal(checks.program(known().discovered.server.id, { exe: '/bin/sh', argv: [] }), 'none');
});

test('Cedar is asked by profile and group, and Cedar that cannot be used allows nothing', async () => {
  const cedar = `permit(principal, action, resource) when { principal has host_group && principal.host_group == "ci" };`;
  const of = (group: string | null) =>
    answers(withPolicy({ ...OPEN, shells: true, cedar }), new PolicyChecks({ profile: 'production', group }));
  assert.deepEqual(await of('ci'), ['allowed', 'allowed', 'allowed']);
  assert.deepEqual(await of(null), ['DENIED_BY_CEDAR', 'DENIED_BY_CEDAR', 'DENIED_BY_CEDAR']);
  const broken = await answers(withPolicy({ ...OPEN, cedar: 'permit(' }));
  assert.deepEqual(broken, ['DENIED_CEDAR_FAILED', 'DENIED_CEDAR_FAILED', 'DENIED_CEDAR_FAILED']);
});

const fleet = (policy: string) => ({ kind: 'signed', digest: policy, policy }) as const;

test('a policy of the fleet holds every server, and follows at once when it is another', async () => {
  const checks = new PolicyChecks({ profile: 'developer', group: null });
  const server = withPolicy({ ...OPEN, shells: true, executables: ['/usr/bin/git'] });
  const { id } = server.discovered.server;
  const asked = async (policy: string) => {
    await checks.follow([server], fleet(policy));
    return ['/usr/bin/git', '/home/alice/bin/x', '/bin/bash'].map((exe) =>
      checks.program(id, { exe, argv: [exe] }),
    );
  };
  assert.deepEqual(await asked('executables: [/usr/bin/make]'), [
    'DENIED_EXECUTABLE',
    'DENIED_EXECUTABLE',
    'DENIED_SHELL',
  ]);
  assert.deepEqual(await asked('shells: true'), ['allowed', 'DENIED_EXECUTABLE', 'allowed']);
  assert.deepEqual(checks.execLists(id), { shells: true, programs: ['/usr/bin/git'] });
  await checks.follow([known()], fleet('shells: false'));
  assert.equal(checks.program(id, { exe: '/bin/sh', argv: ['sh'] }), 'DENIED_SHELL', 'never approved');
});

test('a policy of the fleet that cannot be used allows nothing', async () => {
  const checks = new PolicyChecks({ profile: 'developer', group: null });
  const { id } = known().discovered.server;
  const fault = new ApprovalError('APPROVAL_BUNDLE_ROLLED_BACK', 'gone');
  for (const policy of [fleet('colour: red'), { kind: 'unusable', fault } as const]) {
    await checks.follow([known()], policy);
    assert.equal(checks.program(id, { exe: '/bin/ls', argv: ['ls'] }), 'DENIED_FLEET_POLICY_UNUSABLE');
    assert.equal(checks.connection(id, { address: '192.0.2.1', port: 443 }), 'DENIED_FLEET_POLICY_UNUSABLE');
  }
});

test('what a star in one policy leaves open, another may still deny', async () => {
  const checks = new PolicyChecks({ profile: 'developer', group: null });
  const star = withPolicy({ ...OPEN, destinations: ['*.example.org'] });
  const { id } = star.discovered.server;
  const asked = async (policy: string) => {
    await checks.follow([star], fleet(policy));
    return checks.connection(id, { address: '192.0.2.1', port: 443 });
  };
  assert.equal(await asked('shells: true'), 'none');
  assert.equal(await asked('destinations: [192.0.2.0/24]'), 'none');
  assert.equal(await asked('destinations: [198.51.100.0/24]'), 'DENIED_DESTINATION');
});

test('Cedar is asked by the profile as it is now', async () => {
  const place: { profile: Profile; group: null } = { profile: 'developer', group: null };
  const checks = new PolicyChecks(place);
  const cedar = 'permit(principal, action, resource) when { principal.profile == "developer" };';
  const server = withPolicy({ ...OPEN, shells: true, cedar });
  assert.deepEqual(await answers(server, checks), ['allowed', 'allowed', 'allowed']);
  place.profile = 'production';
  assert.deepEqual(await answers(server, checks), ['DENIED_BY_CEDAR', 'DENIED_BY_CEDAR', 'DENIED_BY_CEDAR']);
});
