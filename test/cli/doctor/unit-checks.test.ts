import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unitChecks } from '../../../cli/doctor/unit-checks.ts';
import type { UnitStatus } from '../../../cli/service/service-status.ts';
import { found, PlayedHost } from './bench.ts';

const WELL: UnitStatus = {
  unit: 'sealwatch-agent.service',
  part: 'agent',
  installed_by: 'package',
  changed: false,
  drop_ins: [],
  enabled: 'enabled',
  active: 'active',
  sub: 'running',
  since: null,
  pid: 4242,
  memory_bytes: null,
  last_exit: null,
  memory_high_bytes: null,
};

test('a service that fails, is masked, stopped or changed is told with the command for it', () => {
  using host = new PlayedHost();
  const one = (unit: Partial<UnitStatus>) => unitChecks(host.here(), [{ ...WELL, pid: null, ...unit }]);
  assert.deepEqual(found(one({})), []);
  assert.deepEqual(found(one({ active: 'failed', last_exit: { result: 'signal', status: 9 } })), [
    'unit-failed',
  ]);
  assert.deepEqual(found(one({ enabled: 'masked', active: 'inactive' })), ['unit-masked']);
  assert.deepEqual(found(one({ active: 'inactive' })), ['unit-inactive']);
  assert.deepEqual(found(one({ changed: true })), ['unit-changed']);
  const [failed] = one({ active: 'failed' });
  assert.match(failed?.hint ?? '', /journalctl -u sealwatch-agent\.service/);
});

test('one that another starts may rest, and drop-ins are named', () => {
  using host = new PlayedHost();
  const rest = { ...WELL, unit: 'sealwatch-enrolment.service', active: 'inactive', pid: null };
  const added = { ...WELL, pid: null, drop_ins: ['/etc/systemd/system/sealwatch-agent.service.d/a.conf'] };
  const checks = unitChecks(host.here(), [rest, added]);
  assert.deepEqual(found(checks), []);
  assert.match(checks[1]?.detail ?? '', /settings added by .*a\.conf/);
});

test('without services, or anybody to ask for them, that is said', () => {
  using host = new PlayedHost();
  assert.deepEqual(found(unitChecks(host.here(), null)), ['? services']);
  const none = unitChecks(host.here(), [{ ...WELL, installed_by: null, active: null }]);
  assert.deepEqual([found(none), none[0]?.detail], [[], 'none is installed']);
});

test('a limit that leaves the agent no room is told', () => {
  using host = new PlayedHost();
  host.write('proc/4242/cgroup', '0::/system.slice/sealwatch-agent.service\n');
  const group = 'sys/fs/cgroup/system.slice/sealwatch-agent.service';
  const limits = (high: string, max: string) => {
    host.write(`${group}/memory.high`, `${high}\n`);
    host.write(`${group}/memory.max`, `${max}\n`);
    return found(unitChecks(host.here(), [WELL]));
  };
  assert.deepEqual(found(unitChecks(host.here(), [WELL])), ['? memory limit']);
  assert.deepEqual(limits('max', 'max'), []);
  assert.deepEqual(limits('209715200', 'max'), []);
  assert.deepEqual(limits('max', '67108864'), ['memory-limit-low']);
});
