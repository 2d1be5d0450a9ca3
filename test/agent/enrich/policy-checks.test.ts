import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KnownServer } from '../../../agent/enrich/known-server.ts';
import { PolicyChecks } from '../../../agent/enrich/policy-checks.ts';
import type { Policy } from '../../../approval/index.ts';
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
