import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { Place, SECRET } from './central-place.ts';

const TOKEN = /^swenrol_[0-9a-f]{16}_[\w-]{43}\.[\w-]+$/;

test('the commands work beside a running central, and what is done is in its audit log', async (context) => {
  using place = await Place.make();
  await place.start(context);
  const made = place
    .central('token', 'create', '--count', '2', '--expires', '2h', '--group', 'lab', '--json')
    .json();
  assert.match(made.token, TOKEN);
  const [listed] = place.central('token', 'list', '--json').json().tokens;
  assert.deepEqual([listed.id, listed.grp, listed.uses_left], [made.id, 'lab', 2]);
  const file = place.at('api.token');
  const created = place.central('api-token', 'create', '--role', 'viewer', '--name', 'x', '--out', file);
  assert.deepEqual([created.status, created.stdout], [0, '']);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(file, 'utf8'), /^swapi_/);
  const [first, again] = [
    place.central('token', 'revoke', made.id),
    place.central('token', 'revoke', made.id),
  ];
  assert.deepEqual([first.status, again.status], [0, 1]);
  assert.deepEqual(place.central('agent', 'list', '--json').status, 0);
  assert.equal(place.central('agent', 'revoke', '0000000000000000').status, 1);
  const verdict = place.central('audit', 'verify', '--json').json();
  assert.equal(verdict.intact, true);
  const actions = place
    .central('audit', 'export')
    .lines()
    .map(({ action }) => action);
  assert.deepEqual(actions, ['token.create', 'api-token.create', 'token.revoke']);
});

test('a backup is taken beside a running central, and restored only where nothing is overwritten unasked', async (context) => {
  using place = await Place.make();
  await place.start(context);
  const backup = place.at('backup.db');
  place.central('token', 'create', '--out', place.at('one'));
  assert.equal(place.central('backup', backup, '--json').json().alerts, 0);
  assert.equal(place.central('backup', backup).status, 3, 'it is there already');
  place.central('token', 'create', '--out', place.at('two'));
  assert.equal(place.central('restore', backup, '--force').status, 3, 'central runs');
  await place.stop();
  assert.equal(place.central('restore', backup).status, 3, 'it was not asked to replace');
  assert.equal(place.central('restore', backup, '--force').status, 0);
  assert.equal(place.central('token', 'list', '--json').json().tokens.length, 1);
});

test('doctor tells what is degraded with its fix, and ends in 3 where something failed', async (context) => {
  using place = await Place.make();
  const stateOf = (name: string) => {
    const { status, json } = place.central('doctor', '--json');
    const checks: { name: string; state: string; fix: string | null }[] = json().checks;
    for (const { state, fix } of checks) assert.equal(fix === null, state === 'ok');
    return { status, state: checks.find((check) => check.name === name)?.state };
  };
  place.central('token', 'create', '--out', place.at('token'));
  assert.deepEqual(stateOf('listener of agents'), { status: 3, state: 'failed' });
  assert.equal(stateOf('feed findings').state, 'degraded', 'it has never run');
  await place.start(context);
  assert.equal(stateOf('listener of agents').state, 'ok');
  assert.equal(stateOf('feed findings').state, 'ok');
  assert.equal(stateOf('database').state, 'ok');
  assert.equal(stateOf('certificate authority').state, 'ok');
  chmodSync(place.at('webhook.secret'), 0o644);
  assert.deepEqual(stateOf('file of feeds hook secret_file'), { status: 3, state: 'failed' });
  chmodSync(place.config, 0o666);
  assert.deepEqual(stateOf('config'), { status: 3, state: 'failed' });
});

test('doctor tells the limit of descriptors of the central that runs, and whose it is where none runs', {
  skip: process.platform !== 'linux' && 'limits of other processes are read in /proc',
}, async (context) => {
  using place = await Place.make();
  const detail = () => {
    const checks: { name: string; detail: string }[] = place.central('doctor', '--json').json().checks;
    return checks.find(({ name }) => name === 'descriptors')?.detail ?? '';
  };
  assert.match(detail(), /^\d+ \(of this shell, since no central/);
  await place.start(context);
  execFileSync('prlimit', [`--pid=${place.pid}`, '--nofile=777:']);
  assert.ok(detail().startsWith(`777 (of the running central, process ${place.pid}), `), detail());
});

test('every line of its log is JSON with an event, and no secret stands in it', async (context) => {
  using place = await Place.make();
  const { token } = place.central('token', 'create', '--json').json();
  const api = place.central('api-token', 'create', '--role', 'admin', '--name', 'x', '--json').json().token;
  await place.start(context);
  const {
    api: { listen },
    listen: agents,
  } = JSON.parse(readFileSync(place.config, 'utf8'));
  for (const secret of [api, `${api}x`, token]) {
    await fetch(`http://${listen}/api/v1/alerts`, { headers: { authorization: `Bearer ${secret}` } });
  }
  await fetch(`https://${agents}/v1/enrol`, { method: 'POST', body: token }).catch(() => undefined);
  await place.stop();
  const lines = place.log.split('\n').filter((line) => line !== '' && !line.startsWith('sealwatch: '));
  assert.ok(lines.length > 0);
  for (const line of lines) assert.match(JSON.parse(line).event, /^[a-z0-9-]+$/, line);
  const key = readFileSync(place.at('state', 'authority', 'ca.key'), 'utf8').split('\n')[1] ?? '';
  const secretOf = (text: string) => /_([\w-]{43})(?:\.|$)/.exec(text)?.[1] ?? '';
  for (const secret of [secretOf(token), secretOf(api), SECRET, key]) {
    assert.ok(secret.length > 10 && !place.log.includes(secret));
  }
});
