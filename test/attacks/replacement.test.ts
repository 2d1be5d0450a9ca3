import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { program, skip } from '../collectors/process/built-sensor.ts';
import { AttackedServer, Doer } from './attacked-server.ts';
import { documented } from './limitations.ts';

/** execve(2) in the server's own process, without a fork: Node offers it since 22.15. */
function replaced(path: string, words: readonly string[]): string {
  return `setTimeout(() => process.execve(${JSON.stringify(path)}, ${JSON.stringify(words)}, process.env), 10)`;
}

describe('a server that becomes another program', { skip, timeout: 180_000 }, () => {
  let attacked: AttackedServer;
  const started: Doer[] = [];
  before(async () => {
    attacked = await AttackedServer.start();
  });
  after(async () => {
    for (const doer of started) doer.child.kill('SIGKILL');
    await attacked.stop();
  });

  /** Starts the server once more, which then becomes something else. */
  async function becomes(path: string, words: readonly string[]): Promise<Doer> {
    const doer = new Doer(attacked.script);
    started.push(doer);
    await doer.does({ code: replaced(path, words) });
    return doer;
  }

  test('a shell in its place is mcp_shell_spawn', async () => {
    const { pid } = await becomes('/bin/sh', ['sh', '-c', ': replaced-']);
    const alert = await attacked.alert('mcp_shell_spawn', 'replaced-');
    attacked.assertOwn(alert, { pid, root: pid, exe: /\/dash$/ });
  });

  test('a copied shell that bears its name and its arguments is mcp_renamed_shell', async () => {
    const path = `${attacked.directory}/node`;
    copyFileSync('/bin/sh', path);
    const { pid } = await becomes(path, [process.execPath, attacked.script]);
    const alert = await attacked.alert('mcp_renamed_shell', ({ actor }) => actor?.pid === pid);
    attacked.assertOwn(alert, { pid, root: pid, exe: /\/work\/node$/ });
  });

  test('itself from a memfd is mcp_fileless_exec', async () => {
    const { pid } = await becomes(program('memfd-exec'), ['restart', process.execPath, attacked.script]);
    const alert = await attacked.alert('mcp_fileless_exec', ({ actor }) => actor?.pid === pid);
    attacked.assertOwn(alert, { pid, root: pid, exe: /^\/memfd:payload \(deleted\)$/ });
  });

  test('another program under its arguments is not seen', async () => {
    documented('A program of its own, no shell, that a server becomes by execve(2)');
    const doer = new Doer(attacked.script);
    const ended = once(doer.child, 'exit');
    await doer.does({ code: replaced('/bin/true', [process.execPath, attacked.script]) });
    assert.deepEqual(await ended, [0, null]);
    await attacked.settled();
    const told = attacked.daemon.alerts.filter(({ actor }) => actor?.pid === doer.pid);
    assert.deepEqual(told, []);
  });
});
