import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { type AgentStatus, askStatus, ControlSocket } from '../../../agent/control/socket.ts';
import { AgentError } from '../../../agent/errors.ts';
import { TempDirectory } from '../../temp-directory.ts';

const STATUS: AgentStatus = {
  version: '0',
  agent: 'a',
  pid: 7,
  profile: 'developer',
  started: 's',
  central: {
    connected: true,
    waiting: 1,
    last_seq: 2,
    acked_seq: 1,
    enrolment: { state: 'enrolled', code: null, detail: '', expires: null, key: 'file' },
  },
  bundles_refused: [{ kind: 'rules', version: 4, code: 'AGENT_BUNDLE_EXPIRED' }],
  servers: { pending: 1 },
  problems: 0,
  rules: {
    loaded: 1,
    refused: 0,
    warnings: 2,
    pack: { name: 'fleet', version: 3 },
    pack_refused: false,
    reloaded: 's',
    folded: 4,
    evicted: { groups: 5, entries: 6 },
  },
  collectors: [],
  processes: 3,
  watched_directories: 4,
  lost: {},
};
const code = (wanted: string) => (error: unknown) => error instanceof AgentError && error.code === wanted;

test('the status goes round, a second agent is refused, and the socket goes with the agent', async () => {
  using state = new TempDirectory();
  await assert.rejects(askStatus(state.path), code('AGENT_NOT_RUNNING'));
  const socket = await ControlSocket.open(state.path, () => STATUS);
  assert.equal(statSync(state.at('agent.sock')).mode & 0o077, 0);
  assert.deepEqual(await askStatus(state.path), STATUS);
  await assert.rejects(
    ControlSocket.open(state.path, () => STATUS),
    code('AGENT_ALREADY_RUNNING'),
  );
  await socket.close();
  assert.equal(existsSync(state.at('agent.sock')), false);
});

test('what a dead agent left behind is replaced', async () => {
  using state = new TempDirectory();
  state.write('agent.sock', 'stale');
  const socket = await ControlSocket.open(state.path, () => STATUS);
  assert.equal((await askStatus(state.path)).pid, 7);
  await socket.close();
});

test('junk is answered or cut off, and the agent goes on', async () => {
  using state = new TempDirectory();
  const socket = await ControlSocket.open(state.path, () => STATUS);
  const ask = (request: string) => {
    const client = connect(state.at('agent.sock'), () => client.write(request));
    return text(client).catch(() => '');
  };
  assert.match(await ask('\0\xff{}\n'), /unknown request/);
  assert.equal(await ask('x'.repeat(5_000)), '');
  assert.equal((await askStatus(state.path)).pid, 7);
  await socket.close();
});

test('a state directory that holds no socket is refused with a reason', async () => {
  using state = new TempDirectory();
  await assert.rejects(
    ControlSocket.open(state.at('none'), () => STATUS),
    code('AGENT_STATE_UNUSABLE'),
  );
});
