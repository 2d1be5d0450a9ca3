import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecPolicy } from '../../../../collectors/process/ebpf/commands.ts';
import { LAYOUT, SENSOR_MODE, SENSOR_TYPE } from '../../../../collectors/process/ebpf/layout.ts';
import { StandingOrders } from '../../../../collectors/process/ebpf/orders.ts';

const types = (commands: readonly Buffer[]) =>
  commands.map((command) => command.readUInt16LE(LAYOUT.sensor_header.fields.type));
const modes = (commands: readonly Buffer[]) =>
  commands
    .filter((command) => types([command])[0] === SENSOR_TYPE.SENSOR_POLICY)
    .map((command) => command.readUInt32LE(LAYOUT.sensor_policy.fields.mode));
const policy = (more: Partial<ExecPolicy>): ExecPolicy => ({
  tag: '00000000000000aa',
  shells: true,
  programs: null,
  nothing: false,
  ...more,
});
const SHELLS = [{ path: '/bin/sh', inode: 7, size: 9 }];

test('only policies that changed are told, and one that is gone is taken back', () => {
  const orders = new StandingOrders();
  const first = orders.enforce([policy({ shells: false })], SHELLS);
  assert.deepEqual(types(first), [
    SENSOR_TYPE.SENSOR_SHELLS,
    SENSOR_TYPE.SENSOR_PERMIT,
    SENSOR_TYPE.SENSOR_POLICY,
  ]);
  assert.deepEqual(orders.enforce([policy({ shells: false })], SHELLS), []);
  const { SENSOR_NO_SHELLS, SENSOR_ONLY_LISTED, SENSOR_NOTHING, SENSOR_OBSERVE } = SENSOR_MODE;
  assert.deepEqual(modes(first), [SENSOR_NO_SHELLS]);
  assert.deepEqual(modes(orders.enforce([policy({ programs: ['/bin/ls'], nothing: true })], SHELLS)), [
    SENSOR_ONLY_LISTED | SENSOR_NOTHING,
  ]);
  assert.deepEqual(modes(orders.enforce([], SHELLS)), [SENSOR_OBSERVE]);
  assert.deepEqual(orders.enforce([], SHELLS), []);
});

test('a sensor that starts is told all that stands', () => {
  const orders = new StandingOrders();
  orders.enforce([policy({ shells: false })], SHELLS);
  orders.watchDirectories([{ path: '/a', identity: '1' }]);
  orders.guardPaths(['/k']);
  const member = { tag: '00000000000000aa', root: 5, role: 'server' } as const;
  orders.contain(new Map([['c', { cgroup: 3, pidNamespace: 0, member }]]));
  const { processes, files } = orders.all();
  assert.deepEqual(types(processes), [
    SENSOR_TYPE.SENSOR_SHELLS,
    SENSOR_TYPE.SENSOR_PERMIT,
    SENSOR_TYPE.SENSOR_POLICY,
    SENSOR_TYPE.SENSOR_CONTAINER,
  ]);
  assert.deepEqual(types(files), [SENSOR_TYPE.SENSOR_MARK, SENSOR_TYPE.SENSOR_GUARD]);
});

test('a container that is gone is forgotten, and one that stays is not told again', () => {
  const orders = new StandingOrders();
  const container = {
    cgroup: 3,
    pidNamespace: 4,
    member: { tag: '00000000000000aa', root: 5, role: 'server' },
  } as const;
  const [told, ...more] = orders.contain(new Map([['c', container]]));
  assert.deepEqual([told?.readBigUInt64LE(LAYOUT.sensor_container.fields.cgroup), more.length], [3n, 0]);
  assert.deepEqual(orders.contain(new Map([['c', container]])), []);
  const [gone] = orders.contain(new Map());
  const server = LAYOUT.sensor_container.fields.member + LAYOUT.sensor_member.fields.server;
  assert.equal(gone?.readBigUInt64LE(server), 0n);
});

test('guarded paths are told at each change, since one may have been made anew', () => {
  const orders = new StandingOrders();
  assert.deepEqual(types(orders.guardPaths(['/k'])), [SENSOR_TYPE.SENSOR_GUARD]);
  assert.deepEqual(types(orders.guardPaths(['/k'])), [SENSOR_TYPE.SENSOR_GUARD]);
  assert.deepEqual(types(orders.guardPaths([])), [SENSOR_TYPE.SENSOR_UNGUARD]);
});
