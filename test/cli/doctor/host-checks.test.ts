import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { hostChecks } from '../../../cli/doctor/host-checks.ts';
import { found, PlayedHost } from './bench.ts';

test('a healthy host has nothing to complain of', () => {
  using host = PlayedHost.healthy();
  assert.deepEqual(found(hostChecks(host.here())), []);
});

test('what a host lacks is told by code', () => {
  using host = PlayedHost.healthy();
  host.write('proc/sys/fs/inotify/max_user_watches', '8192\n');
  host.write('proc/sys/fs/inotify/max_user_instances', '16\n');
  for (const path of ['proc/sys/fs/fanotify', 'sys/kernel/btf']) rmSync(host.at(path), { recursive: true });
  host.replies = { timedatectl: 'no\n' };
  const install = { ...host.here().install, sensor: null };
  assert.deepEqual(found(hostChecks(host.here({ install }))), [
    'sensor-not-built',
    'clock-unsynchronised',
    'btf-missing',
    'fanotify-missing',
    'inotify-watches-few',
    'inotify-instances-few',
  ]);
});

test('an old kernel is told, and not blamed for what it does not say', () => {
  using host = PlayedHost.healthy();
  rmSync(host.at('proc/sys/fs/fanotify'), { recursive: true });
  assert.deepEqual(found(hostChecks(host.here({ kernel: '5.4.0-1' }))), ['kernel-old', '? fanotify']);
  assert.deepEqual(found(hostChecks(host.here({ kernel: '5.10.0' }))), ['? fanotify']);
});

test('what cannot be looked at is said and no fault', () => {
  using host = new PlayedHost();
  host.write('sys/kernel/btf/vmlinux', 'x');
  host.write('proc/sys/fs/fanotify/max_user_groups', '1');
  assert.deepEqual(found(hostChecks(host.here({ isRoot: false }))), [
    '? clock',
    '? BPF LSM',
    '? inotify watches',
    '? inotify instances',
  ]);
});

test('on macOS nothing of Linux is asked', () => {
  using host = new PlayedHost();
  const checks = hostChecks(host.here({ platform: 'darwin' }));
  assert.deepEqual(
    checks.map(({ name }) => name),
    ['kernel sensor', 'rules', 'clock'],
  );
  assert.deepEqual(found(checks), ['? clock']);
});
