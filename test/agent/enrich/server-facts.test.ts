import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factOfProblem, factsOfChange, factsOfGone, factsOfNew } from '../../../agent/enrich/server-facts.ts';
import { snapshotOf } from '../../../agent/state/snapshot.ts';
import { artefact } from '../../approval/candidate.ts';
import { type Known, known, launchSpec } from '../samples.ts';

function changes(before: Known, after: Known) {
  return factsOfChange(snapshotOf(known(before), null), known(after), 1, () => 'the diff');
}
const kinds = (before: Known, after: Known) =>
  changes(before, after).map(({ fields }) => fields['mcp.change']);

test('nothing changed is nothing told', () => {
  assert.deepEqual(kinds({ env: { A: '1', B: '2' } }, { env: { B: '2', A: '1' } }), []);
  assert.deepEqual(kinds({}, { server: { disabled: true, env_keys: ['X'] } }), []);
});

test('each part that decides what is started or reached is a repointing', () => {
  for (const server of [
    { command: 'bash' },
    { args: ['other.js'] },
    { cwd: '/tmp' },
    { url: 'https://evil.example' },
    { env_file: '/tmp/.env' },
  ]) {
    const [fact, ...more] = changes({}, { server });
    assert.deepEqual(more, []);
    assert.equal(fact?.fields['mcp.change'], 'repointed');
    assert.deepEqual(fact?.fields['mcp.fields_changed'], Object.keys(server));
    assert.equal(fact?.change?.diff, 'the diff');
  }
});

test('a rotated, added or removed environment value is told by name only', () => {
  const [fact] = changes(
    { env: { KEPT: '1', TURNED: '1', GONE: '1' } },
    { env: { KEPT: '1', TURNED: '2', NEW: '1' } },
  );
  assert.equal(fact?.fields['mcp.change'], 'env_changed');
  assert.deepEqual(fact?.fields['mcp.env_added'], ['NEW']);
  assert.deepEqual(fact?.fields['mcp.env_removed'], ['GONE']);
  assert.deepEqual(fact?.fields['mcp.env_modified'], ['TURNED']);
});

test('wider approval of tools is told, narrower is not', () => {
  const widened = (before: string[] | boolean | null, after: string[] | boolean | null) =>
    changes({ server: { auto_approve: before } }, { server: { auto_approve: after } }).map(
      ({ fields }) => fields['mcp.auto_approve_added'],
    );
  assert.deepEqual(widened(null, ['a']), [['a']]);
  assert.deepEqual(widened(['a'], ['b', 'a']), [['b']]);
  assert.deepEqual(widened(['a'], true), [['*']]);
  assert.deepEqual(widened(false, true), [['*']]);
  for (const [before, after] of [
    [['a', 'b'], ['b']],
    [true, ['a']],
    [true, true],
    [['a'], null],
    [
      ['b', 'a'],
      ['a', 'b'],
    ],
    [true, false],
  ] as const)
    assert.deepEqual(widened(before as string[] | boolean, after as string[] | boolean | null), []);
});

const OLD = [artefact('config', '~/c', 'x'), artefact('script', '~/a.js', 'a')];
const NEW = [artefact('config', '~/c', 'y'), artefact('script', '~/a.js', 'b')];

test('a changed artefact is told with its digests and diff; the entry itself only after an approval', () => {
  const pending = changes({ artefacts: OLD }, { artefacts: NEW });
  assert.deepEqual(
    pending.map(({ fields }) => fields['mcp.artefact_role']),
    ['script'],
  );
  const drifted = changes(
    { artefacts: OLD, approved: true },
    { artefacts: NEW, approved: true, state: 'drifted' },
  );
  assert.deepEqual(
    drifted.map(({ fields }) => [fields['mcp.change'], fields['mcp.artefact_role'] ?? null]),
    [
      ['artefact_changed', 'config'],
      ['artefact_changed', 'script'],
      ['state_changed', null],
    ],
  );
  assert.deepEqual(drifted[1]?.change, {
    artefact: { role: 'script', path: '/home/alice/a.js' },
    before: OLD[1]?.sha256,
    after: NEW[1]?.sha256,
    diff: 'the diff',
  });
});

test('a change that is approved by now is no news', () => {
  assert.deepEqual(kinds({ artefacts: OLD, approved: true }, { artefacts: NEW, approved: true }), []);
});

test('artefacts that come and go are told as such', () => {
  const drifted = { approved: true, state: 'drifted' } as const;
  const [config = artefact('config', '~/c', 'x')] = OLD;
  assert.deepEqual(kinds({ artefacts: [config], ...drifted }, { artefacts: OLD, ...drifted }), [
    'artefact_added',
  ]);
  assert.deepEqual(kinds({ artefacts: OLD, ...drifted }, { artefacts: [config], ...drifted }), [
    'artefact_removed',
  ]);
});

test('packages that change alike at once are one fact that lists them', () => {
  const packages = (digest: string) =>
    ['a', 'b', 'c'].map((name) => artefact('package', `~/node_modules/${name}`, digest));
  const drifted = { approved: true, state: 'drifted' } as const;
  const found = changes(
    { artefacts: [...OLD, ...packages('1')], ...drifted },
    {
      artefacts: [...NEW, ...packages('2').slice(1), artefact('package', '~/node_modules/d', '1')],
      ...drifted,
    },
  );
  const told = found.filter(({ fields }) => fields['mcp.artefact_role'] === 'package');
  assert.deepEqual(told.map(({ fields }) => [fields['mcp.change'], fields['mcp.artefact_count']]).sort(), [
    ['artefact_added', 1],
    ['artefact_changed', 2],
    ['artefact_removed', 1],
  ]);
  const both = told.find(({ fields }) => fields['mcp.artefact_count'] === 2);
  assert.equal(both?.change?.diff?.split('\n').length, 2);
});

test('a new and a departed server are told with what they start', () => {
  const [added] = factsOfNew(known(), 1);
  assert.equal(added?.fields['mcp.change'], 'server_added');
  assert.equal(added?.fields['mcp.command_after'], 'node srv/index.js');
  assert.equal(added?.change?.before, null);
  const [gone] = factsOfGone(known({ server: { command: null, url: 'https://x.example' } }), 1);
  assert.equal(gone?.fields['mcp.change'], 'server_removed');
  assert.equal(gone?.fields['mcp.command_before'], 'https://x.example');
  assert.equal(gone?.change?.after, null);
});

test('what a new or repointed entry starts is told as far as it could be followed', () => {
  const launch = launchSpec({
    resolved: null,
    command: 'npx',
    script: '/tmp/x.js',
    package: 'https://user:hunter2secret@x.example/p.tgz',
  });
  const [added] = factsOfNew(known({ launch }), 1);
  assert.equal(added?.fields['mcp.program_after'], 'npx');
  assert.equal(added?.fields['mcp.script_after'], '/tmp/x.js');
  assert.doesNotMatch(String(added?.fields['mcp.package_after']), /hunter2secret/);
  const [moved] = changes({}, { server: { command: 'bash' }, launch: launchSpec({ resolved: '/bin/bash' }) });
  assert.equal(moved?.fields['mcp.program_after'], '/bin/bash');
  const [remote] = factsOfNew(known({ server: { command: null, url: 'https://x.example' } }), 1);
  assert.equal(remote?.fields['mcp.program_after'], null);
});

test('other arguments of the same program are told from another program', () => {
  const artefacts = [artefact('executable', '/usr/bin/node', 'n'), artefact('script', '/srv/index.js', 's')];
  const server = { args: ['/srv/index.js', '--more'] };
  const changed = (launch: ReturnType<typeof launchSpec> | null) =>
    changes({ artefacts }, { artefacts, server, launch })[0]?.fields['mcp.program_changed'];
  assert.equal(changed(launchSpec()), false);
  assert.equal(changed(launchSpec({ script: '/srv/other.js' })), true);
  assert.equal(changed(launchSpec({ resolved: '/tmp/node' })), true);
  assert.equal(changed(null), true);
});

test('a problem is told with its place', () => {
  const fact = factOfProblem({ path: '/c', line: 2, column: 3, code: 'CONFIG_SYNTAX', message: 'm' }, 'u', 1);
  assert.equal(fact.fields['mcp.change'], 'config_unparseable');
  assert.equal(fact.fields['mcp.problem_line'], 2);
  assert.equal(fact.server, null);
});
