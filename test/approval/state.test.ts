import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesBetween } from '../../approval/change.ts';
import { judge } from '../../approval/state.ts';
import { ApprovalStore } from '../../approval/store.ts';
import { TempDirectory } from '../temp-directory.ts';
import { artefact, candidate, digestOf, NOW, request } from './candidate.ts';

const CONFIG = artefact('config', '~/.claude.json', 'entry');

test('a server that nobody decided about is pending', () => {
  assert.deepEqual(judge(candidate(), [], NOW), {
    state: 'pending',
    reason: 'never approved',
    statement: null,
    changes: [],
  });
});

test('a changed closure is drifted, with every artefact that differs', () => {
  using state = new TempDirectory();
  const store = new ApprovalStore(state.path);
  const before = [
    CONFIG,
    artefact('script', '~/srv/index.js', 'safe()'),
    artefact('helper', '~/srv/lib.js', 'lib'),
    artefact('env-file', '~/srv/.env', 'A=1'),
  ];
  store.approve(candidate({}, before), request());
  const after = [
    CONFIG,
    artefact('script', '~/srv/index.js', 'evil()'),
    artefact('helper', '~/srv/new.js', 'new'),
    artefact('env-file', '~/srv/.env', null),
  ];
  const verdict = judge(candidate({}, after), store.load(), NOW);
  assert.equal(verdict.state, 'drifted');
  assert.equal(verdict.reason, 'script /home/alice/srv/index.js changed since it was approved and 3 more');
  assert.deepEqual(
    verdict.changes.map(({ change, role, path, before: old, after: fresh }) => [
      change,
      role,
      path,
      old,
      fresh,
    ]),
    [
      ['changed', 'script', '/home/alice/srv/index.js', digestOf('safe()'), digestOf('evil()')],
      ['added', 'helper', '/home/alice/srv/new.js', null, digestOf('new')],
      ['changed', 'env-file', '/home/alice/srv/.env', digestOf('A=1'), null],
      ['removed', 'helper', '~/srv/lib.js', digestOf('lib'), null],
    ],
  );
});

test('an approval ends at its expiry and not before; a drifted one stays drifted', () => {
  using state = new TempDirectory();
  const store = new ApprovalStore(state.path);
  const expires = new Date(NOW.getTime() + 1_000);
  store.approve(candidate(), request({ expires }));
  const at = (milliseconds: number) =>
    judge(candidate(), store.load(), new Date(NOW.getTime() + milliseconds)).state;
  assert.equal(at(999), 'approved');
  assert.equal(at(1_000), 'expired');
  const changed = candidate({}, [CONFIG]);
  assert.equal(judge(changed, store.load(), new Date(NOW.getTime() + 5_000)).state, 'drifted');
});

test('an approval counts for its own server only', () => {
  using state = new TempDirectory();
  const store = new ApprovalStore(state.path);
  store.approve(candidate(), request());
  const stored = store.load();
  const { artefacts } = candidate().closure;
  const elsewhere = artefacts.map((item) =>
    item.role === 'config' ? { ...item, portable_path: '~/.cursor/mcp.json' } : item,
  );
  for (const other of [
    candidate({ name: 'files2' }),
    candidate({ client: 'cursor' }),
    candidate({ scope: 'project' }),
    candidate({}, elsewhere),
  ]) {
    assert.equal(judge(other, stored, NOW).state, 'pending');
  }
  assert.equal(judge(candidate({ id: 'f'.repeat(16), user: 'bob' }), stored, NOW).state, 'approved');
});

test('a revoked server stays revoked whatever its closure is', () => {
  using state = new TempDirectory();
  const store = new ApprovalStore(state.path);
  store.revoke(candidate(), request());
  assert.equal(judge(candidate(), store.load(), NOW).state, 'revoked');
  assert.equal(judge(candidate({}, [CONFIG]), store.load(), NOW).state, 'revoked');
});

test('equal closures have no changes, in whichever order', () => {
  const script = artefact('script', '~/a.js', 'a');
  assert.deepEqual(changesBetween([CONFIG, script], [script, CONFIG]), []);
});

test('an artefact that could not be resolved before and cannot now is no change', () => {
  const missing = artefact('unresolved', '~/gone', null);
  assert.deepEqual(changesBetween([missing], [missing]), []);
});
