import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ContainerPlaces,
  idOf,
  nameOf,
  unifiedMount,
  unifiedPath,
} from '../../../agent/containers/container-place.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { FakeHost, HOST_NAMESPACE } from './fake-host.ts';

const ID = 'ab'.repeat(32);

test('the unified hierarchy is found by its type, also where it lies beside others', () => {
  const mounts = 'cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n';
  assert.equal(unifiedMount(mounts), '/sys/fs/cgroup/unified');
  assert.equal(unifiedMount('cgroup2 /evil tmpfs rw 0 0\n'), null);
});

test('the root and what lies outside of what is mounted are no control group of a container', () => {
  assert.equal(unifiedPath(`3:cpu:/x\n0::/docker/${ID}\n`), `/docker/${ID}`);
  for (const groups of ['0::/\n', '0::/../other\n', '0::/a/../../b\n', '3:cpu:/docker/x\n', ''])
    assert.equal(unifiedPath(groups), null, groups);
});

test('a container’s id stands in the name that its engine gave the control group', () => {
  for (const path of [
    `0::/docker/${ID}`,
    `0::/system.slice/docker-${ID}.scope`,
    `0::/libpod_parent/libpod-${ID}`,
    `0::/kubepods/pod1/cri-containerd-${ID}.scope/inner`,
    `4:memory:/docker/${ID}\n0::/`,
  ])
    assert.equal(idOf(path), ID, path);
  for (const path of [`0::/libpod_parent/libpod-conmon-${ID}`, `0::/docker/${ID}0`, '0::/docker/abc', '0::/'])
    assert.equal(idOf(path), null, path);
});

test('a process’s place is read from /proc', () => {
  using directory = new TempDirectory();
  const host = new FakeHost(directory);
  const cgroup = `/docker/${ID}`;
  host.add(10, { cgroup, pidNamespace: 7, isInit: true });
  host.add(11, { cgroup: '/box', pidNamespace: 8 });
  host.add(12, { cgroup: '/' });
  const places = new ContainerPlaces(host.procRoot);
  assert.equal(places.hostNamespace, HOST_NAMESPACE);
  const place = { cgroupPath: cgroup, cgroup: host.inodeOf(cgroup), pidNamespace: 7, isInit: true, id: ID };
  assert.deepEqual(places.of(10), place);
  const box = places.of(11);
  assert.ok(box !== null);
  assert.equal(nameOf(box), 'box');
  assert.equal(box.isInit, false);
  assert.deepEqual(places.of(12), { cgroupPath: null, cgroup: 0, pidNamespace: 0, isInit: false, id: null });
  assert.equal(places.of(13), null);
  host.fill(cgroup, 10, 20);
  assert.deepEqual(places.pidsIn(cgroup), [10, 20]);
  assert.deepEqual(places.pidsIn('/gone'), []);
});
