import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { makeRuntimeDirectory } from '../../../guard/identity/runtime-directory.ts';
import { TempDirectory } from '../../temp-directory.ts';

const TWO_HOURS_S = 7_200;

/** A pid that nothing has any more. */
function endedPid(): number {
  return spawnSync('/bin/true').pid;
}

test('each guard has a directory of its own where the session keeps such', () => {
  using session = new TempDirectory();
  using state = new TempDirectory();
  const place = { runtimeDir: session.path, stateDir: state.path };
  const [first, second] = [makeRuntimeDirectory(place), makeRuntimeDirectory(place)];
  assert.equal(dirname(first), session.at('sealwatch'));
  assert.notEqual(first, second);
  for (const path of [first, session.at('sealwatch')]) assert.equal(statSync(path).mode & 0o777, 0o700);
});

test('without a session’s directory that is closed to others it lies in the state directory', () => {
  using session = new TempDirectory();
  using state = new TempDirectory();
  symlinkSync(session.path, state.at('link'));
  const odd = [undefined, '', 'relative', session.at('none'), state.at('link'), '/tmp'];
  for (const runtimeDir of odd) {
    const made = makeRuntimeDirectory({ runtimeDir, stateDir: state.path });
    assert.equal(dirname(made), state.at('run'), String(runtimeDir));
  }
  chmodSync(session.path, 0o755);
  const made = makeRuntimeDirectory({ runtimeDir: session.path, stateDir: state.path });
  assert.equal(dirname(made), state.at('run'));
});

test('a directory that others can enter, or a link in its place, is not used', () => {
  using state = new TempDirectory();
  using other = new TempDirectory();
  const place = { runtimeDir: undefined, stateDir: state.path };
  mkdirSync(state.at('run'));
  chmodSync(state.at('run'), 0o755);
  assert.throws(() => makeRuntimeDirectory(place), { code: 'GUARD_IDENTITY_UNAVAILABLE' });
  symlinkSync(other.path, other.at('run'));
  assert.throws(() => makeRuntimeDirectory({ ...place, stateDir: other.path }), {
    code: 'GUARD_IDENTITY_UNAVAILABLE',
  });
});

test('what a guard that was killed left is removed after an hour, and nothing else', () => {
  using state = new TempDirectory();
  const place = { runtimeDir: undefined, stateDir: state.path };
  makeRuntimeDirectory(place);
  const ended = endedPid();
  const left = state.at('run', `${ended}-oldone`);
  const young = state.at('run', `${ended}-young1`);
  const alive = state.at('run', `${process.pid}-alive1`);
  const strange = state.at('run', 'strange');
  for (const path of [left, young, alive, strange]) mkdirSync(path);
  state.write(`run/${ended}-oldone/token`, 'x');
  const then = Date.now() / 1_000 - TWO_HOURS_S;
  for (const path of [left, alive, strange]) utimesSync(path, then, then);
  makeRuntimeDirectory(place);
  assert.deepEqual([left, young, alive, strange].map(existsSync), [false, true, true, true]);
});

test('a link among what was left is removed, not followed', () => {
  using state = new TempDirectory();
  using other = new TempDirectory();
  const kept = other.write('kept', 'x');
  const place = { runtimeDir: undefined, stateDir: state.path };
  makeRuntimeDirectory(place);
  const link = state.at('run', `${endedPid()}-link00`);
  symlinkSync(other.path, link);
  const then = Date.now() / 1_000 - TWO_HOURS_S;
  lutimesSync(link, then, then);
  makeRuntimeDirectory(place);
  assert.equal(lstatSync(link, { throwIfNoEntry: false }), undefined);
  assert.ok(existsSync(kept));
});
