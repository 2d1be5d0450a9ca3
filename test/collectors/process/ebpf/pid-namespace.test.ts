import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { skip } from '../built-sensor.ts';

test('a sensor in a container tells the numbers that hold in it, and nothing of the host', {
  skip,
}, async () => {
  const program = join(import.meta.dirname, 'programs', 'lone-sensor.ts');
  const words = [
    '--pid',
    '--fork',
    '--mount-proc',
    process.execPath,
    '--disable-warning=ExperimentalWarning',
  ];
  const child = spawn('unshare', [...words, program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  await once(child.stdout, 'data');
  spawnSync('/bin/echo', ['told-outside']);
  child.stdin.end('go on\n');
  await closed;
  const { pid, told, ppid, own, outside } = JSON.parse(text.replace('started\n', ''));
  assert.deepEqual({ told, ppid, outside }, { told: pid, ppid: own, outside: 0 });
  assert.ok(pid < 1_000, `${pid} is no number of a new namespace`);
});
