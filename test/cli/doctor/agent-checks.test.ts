import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentStatus, ControlSocket } from '../../../agent/control/socket.ts';
import { ENROLMENT_CODES } from '../../../agent/index.ts';
import { agentChecks } from '../../../cli/doctor/agent-checks.ts';
import type { UnitStatus } from '../../../cli/service/service-status.ts';
import { HEALTH_CODES, LOSS_STAGES } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { found } from './bench.ts';

const WELL: AgentStatus = {
  version: '1.2.3',
  agent: 'a',
  pid: 7,
  profile: 'developer',
  started: 's',
  central: {
    connected: true,
    waiting: 0,
    last_seq: 2,
    acked_seq: 1,
    enrolment: { state: 'enrolled', code: null, detail: '', expires: 'e', key: 'file' },
  },
  bundles_refused: [],
  servers: { approved: 1, pending: 2 },
  problems: 0,
  rules: {
    loaded: 1,
    refused: 0,
    warnings: 2,
    pack: null,
    pack_refused: false,
    reloaded: 's',
    folded: 0,
    evicted: { groups: 0, entries: 0 },
  },
  collectors: [{ name: 'file/watcher', state: 'ok', code: null, detail: '' }],
  processes: 3,
  watched_directories: 4,
  lost: { watcher: 0 },
};

async function ask(status: Partial<AgentStatus>, units: readonly UnitStatus[] | null = null) {
  using state = new TempDirectory();
  const socket = await ControlSocket.open(state.path, () => ({ ...WELL, ...status }));
  const install = { sensor: null, rules: '', version: '1.2.3' };
  try {
    return found(await agentChecks({ install, stateDir: state.path }, units));
  } finally {
    await socket.close();
  }
}

test('an agent that is well has nothing to complain of', async () => {
  assert.deepEqual(await ask({}), []);
});

test('each state of a collector, of the enrolment and each loss has its own code', async () => {
  const collectors = HEALTH_CODES.map((code) => ({ name: code, state: 'degraded', code, detail: 'd' }));
  const told = HEALTH_CODES.map((code) => (code === 'package-unsigned' ? `? collector ${code}` : code));
  assert.deepEqual(await ask({ collectors }), told);
  for (const code of ENROLMENT_CODES) {
    const enrolment = { state: 'refused' as const, code, detail: 'd', expires: null, key: null };
    const central = { ...WELL.central, connected: false, enrolment };
    assert.deepEqual(await ask({ central }), [code]);
  }
  const lost = Object.fromEntries(LOSS_STAGES.map((stage, index) => [stage, index + 1]));
  assert.deepEqual(
    await ask({ lost }),
    LOSS_STAGES.map((stage) => `lost-${stage}`),
  );
});

test('connection, rules, bundles, approvals and configs are told apart', async () => {
  assert.deepEqual(await ask({ central: { ...WELL.central, connected: false } }), ['central-disconnected']);
  assert.deepEqual(await ask({ central: { ...WELL.central, waiting: 20_000 } }), ['spool-waiting']);
  assert.deepEqual(await ask({ rules: { ...WELL.rules, refused: 1, pack_refused: true } }), [
    'rules-refused',
    'rule-pack-refused',
  ]);
  assert.deepEqual(await ask({ rules: { ...WELL.rules, loaded: 0 } }), ['rules-none']);
  const bundle = { kind: 'rules', version: 3, code: 'AGENT_BUNDLE_EXPIRED' };
  assert.deepEqual(await ask({ bundles_refused: [bundle] }), ['bundle-refused']);
  assert.deepEqual(await ask({ servers: { invalid: 1, expired: 2 }, problems: 3 }), [
    'approvals-invalid',
    'approvals-expired',
    'configs-unreadable',
  ]);
});

test('another version, another program and another agent than that of the service are told', async () => {
  assert.deepEqual(await ask({ version: '1.2.2' }), ['agent-other-version']);
  const service = (pid: number) => [{ unit: 'sealwatch-agent.service', pid } as UnitStatus];
  assert.deepEqual(await ask({}, service(7)), []);
  assert.deepEqual(await ask({}, service(8)), ['agent-other-program']);
  const strange = { name: 'x', state: 'degraded', code: 'of-tomorrow', detail: '' };
  assert.deepEqual(await ask({ collectors: [strange] }), ['collector-unknown']);
});

test('where none answers, that is the finding', async () => {
  using state = new TempDirectory();
  const install = { sensor: null, rules: '', version: '1' };
  assert.deepEqual(found(await agentChecks({ install, stateDir: state.path }, null)), ['agent-not-running']);
});
