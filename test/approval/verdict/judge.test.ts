import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesBetween } from '../../../approval/verdict/change.ts';
import { judge } from '../../../approval/verdict/judge.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { artefact, candidate, Decisions, digestOf, GROUNDS, grounds, NOW } from '../candidate.ts';

const CONFIG = artefact('config', '~/.claude.json', 'entry');

test('a server that nobody decided about is pending', () => {
  assert.deepEqual(judge(candidate(), [], GROUNDS), {
    state: 'pending',
    code: null,
    reason: 'never approved',
    ruling: 'report',
    statement: null,
    source: null,
    counts: false,
    changes: [],
  });
});

test('a changed closure is drifted, with every artefact that differs', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  const before = [
    CONFIG,
    artefact('script', '~/srv/index.js', 'safe()'),
    artefact('helper', '~/srv/lib.js', 'lib'),
    artefact('env-file', '~/srv/.env', 'A=1'),
  ];
  await store.approve(candidate({}, before));
  const after = [
    CONFIG,
    artefact('script', '~/srv/index.js', 'evil()'),
    artefact('helper', '~/srv/new.js', 'new'),
    artefact('env-file', '~/srv/.env', null),
  ];
  const verdict = store.judge(candidate({}, after));
  assert.equal(verdict.state, 'drifted');
  assert.equal(verdict.reason, 'script /home/alice/srv/index.js changed; and 3 more');
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

test('an approval ends at its expiry and not before; a drifted one stays drifted', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  const expires = new Date(NOW.getTime() + 1_000);
  await store.approve(candidate(), { expires });
  const at = (milliseconds: number) =>
    store.judge(candidate(), grounds({ now: new Date(NOW.getTime() + milliseconds) })).state;
  assert.equal(at(999), 'approved');
  assert.equal(at(1_000), 'expired');
  const changed = candidate({}, [CONFIG]);
  const late = grounds({ now: new Date(NOW.getTime() + 5_000) });
  assert.equal(store.judge(changed, late).state, 'drifted');
});

test('an approval counts for its own server only', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  await store.approve();
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
    assert.equal(judge(other, stored, GROUNDS).state, 'pending');
  }
  assert.equal(judge(candidate({ id: 'f'.repeat(16), user: 'bob' }), stored, GROUNDS).state, 'approved');
});

test('a revoked server stays revoked whatever its closure is', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  await store.revoke();
  assert.equal(store.judge().state, 'revoked');
  assert.equal(store.judge(candidate({}, [CONFIG])).state, 'revoked');
});

test('equal closures have no changes, in whichever order', () => {
  const script = artefact('script', '~/a.js', 'a');
  assert.deepEqual(changesBetween([CONFIG, script], [script, CONFIG]), []);
});

test('an artefact that could not be resolved before and cannot now is no change', () => {
  const missing = artefact('unresolved', '~/gone', null);
  assert.deepEqual(changesBetween([missing], [missing]), []);
});

test('what a profile does about a state', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  const production = grounds({ profile: 'production' });
  assert.equal(store.judge().ruling, 'report');
  assert.equal(store.judge(candidate(), production).ruling, 'deny');
  await store.approve();
  assert.deepEqual([store.judge().ruling, store.judge(candidate(), production).ruling], ['allow', 'allow']);
  await store.revoke();
  assert.equal(store.judge().ruling, 'deny');
});

test('the sentence about a change says what, when and by whom', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  const helper = (text: string) => artefact('helper', '~/lib/run.sh', text);
  await store.approve(candidate({}, [CONFIG, helper('a')]));
  const writer = { name: 'node', pid: 812, of_server: true };
  const evidenceOf = () => ({ time: NOW.getTime() - 12.5 * 60_000, writer });
  const { reason } = store.judge(candidate({}, [CONFIG, helper('b')]), { evidenceOf });
  assert.equal(
    reason,
    'helper /home/alice/lib/run.sh changed 12 minutes ago, written by node (pid 812) of this very server',
  );
});

test('the approval of the same program under another name is pointed out and does not count', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  await store.approve();
  const { state: is, code } = store.judge(candidate({ name: 'renamed' }));
  assert.deepEqual([is, code], ['pending', 'APPROVAL_SERVER_MISMATCH']);
});
