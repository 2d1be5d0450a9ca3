import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfig } from '../../../agent/index.ts';
import { configCheck, placeChecks } from '../../../cli/doctor/place-checks.ts';
import { runBuilt } from '../built.ts';
import { found, PlayedHost } from './bench.ts';

function withConfig(host: PlayedHost) {
  chmodSync(host.path, 0o755);
  mkdirSync(host.at('etc'), { recursive: true });
  host.write(
    'etc/agent.yml',
    `state_dir: ${host.at('state')}\ntrust_dir: ${host.at('trust')}\ncentral: { url: "wss://c:1", token_file: ${host.at('token')} }\n`,
  );
  return loadConfig(host.at('etc/agent.yml'));
}

test('a state directory with all in order has nothing to complain of', () => {
  using host = PlayedHost.healthy();
  host.write('state/keys/approver.pem', 'k', 0o600);
  host.write('token', 't', 0o600);
  assert.deepEqual(found(placeChecks(host.here(), withConfig(host))), []);
});

test('one that is not there is told alone', () => {
  using host = new PlayedHost();
  assert.deepEqual(found(placeChecks(host.here(), null)), ['state-missing']);
});

test('what others can read or write is told, each by its code', () => {
  using host = PlayedHost.healthy();
  const config = withConfig(host);
  host.write('state/keys/approver.pem', 'k', 0o640);
  host.write('state/enrolment/0011.key', 'k', 0o604);
  host.write('state/enrolment/ca.pem', 'public', 0o644);
  host.write('token', 't', 0o644);
  host.write('trust/a.pem', 'k', 0o666);
  chmodSync(host.at('state'), 0o777);
  const checks = placeChecks(host.here(), config);
  assert.deepEqual(found(checks), ['state-exposed', 'keys-exposed', 'token-exposed', 'trust-refused']);
  const keys = checks.find(({ name }) => name === 'keys')?.detail ?? '';
  assert.match(keys, /approver\.pem, .*0011\.key$/);
});

test('a config is read as the agent reads it', () => {
  using host = PlayedHost.healthy();
  assert.deepEqual(found([configCheck(host.here()).check]), ['? config']);
  withConfig(host);
  assert.deepEqual(
    [configCheck(host.here()).check.ok, configCheck(host.here()).config?.profile],
    [true, 'developer'],
  );
  chmodSync(host.at('etc/agent.yml'), 0o666);
  assert.deepEqual(found([configCheck(host.here()).check]), ['config-exposed']);
  host.write('etc/agent.yml', 'state_dir: here\nnonsense: 1\n');
  const { check } = configCheck(host.here());
  assert.deepEqual(found([check]), ['config-invalid']);
  assert.match(check.detail, /nonsense/);
  host.write('etc/agent.yml', 'x'.repeat(300_000));
  assert.deepEqual(found([configCheck(host.here()).check]), ['config-unreadable']);
});

test('room is told in bytes and files', () => {
  using host = PlayedHost.healthy();
  const details = placeChecks(host.here(), null).map(({ name, detail }) => `${name} ${detail}`);
  assert.ok(
    details.some((line) => /^space \d+ MiB free at /.test(line)),
    details.join('\n'),
  );
  assert.ok(
    details.some((line) => /^inodes (\d+ free|not limited)$/.test(line)),
    details.join('\n'),
  );
  // No file of /proc can be made: it has neither room nor files.
  const none = placeChecks(host.here({ stateDir: '/proc' }), null);
  assert.ok(found(none).includes('space-low'), readFileSync('/proc/mounts', 'utf8').slice(0, 200));
});

test('a state directory may belong to the user of the agent, and to no stranger', (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root gives files to others');
  using host = PlayedHost.healthy();
  chownSync(host.at('state'), 4_242, 4_242);
  assert.deepEqual(found(placeChecks(host.here(), null)), ['state-exposed']);
  assert.deepEqual(found(placeChecks(host.here({ userName: () => 'sealwatch' }), null)), []);
});

test('an ordinary user who asks about the agent of the host is told what he may not see', (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root becomes another user');
  using host = PlayedHost.healthy();
  chmodSync(host.path, 0o755);
  const stranger = { uid: 65_534, gid: 65_534, cwd: '/' };
  const { status, json } = runBuilt(['doctor', '--json', '--state-dir', host.at('state')], stranger);
  if (status === null) return context.skip('he may not even start the program');
  const states = json().checks.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`);
  assert.ok(states.includes('state directory unseen'), states.join('\n'));
});
